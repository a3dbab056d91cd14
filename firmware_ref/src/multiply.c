/* MUL of two streams; parameters: edgehar_add. */
#include "edgehar_factor.h"

void edgehar_multiply_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_add pair = *(const edgehar_add *)parameters;
    const edgehar_factor factor = edgehar_factor_of(pair.multiplier[0], pair.shift[0]);
    const int8_t *first = block->columns;
    const int8_t *second = first + pair.second;
    int8_t *out = block->out;
    int8_t *const end = out + block->positions * pair.channels;

#if EDGEHAR_WITH_MVE
    const int count = (int)(end - out);
    for (int at = 0; at < count; at += 4) {
        const mve_pred16_t kept = vctp32q((uint32_t)(count - at));
        const int32x4_t x = vaddq_n_s32(load_vector(first + at, kept), pair.offset[0]);
        const int32x4_t y = vaddq_n_s32(load_vector(second + at, kept), pair.offset[1]);
        const int32x4_t value = vaddq_n_s32(times_vector(vmulq_s32(x, y), &factor), pair.output_zero);
        store_vector(out + at, value, pair.activation_min, pair.activation_max, kept);
    }
#else
    while (out != end) {
        const int32_t product = (*first++ + pair.offset[0]) * (*second++ + pair.offset[1]);
        const int32_t value = edgehar_times(product, &factor) + pair.output_zero;
        *out++ = edgehar_clamp(value, pair.activation_min, pair.activation_max);
    }
#endif
}
