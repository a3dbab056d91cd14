/* ADD of two streams; parameters: edgehar_add. Both operands are brought to a common scale with 20 bits to spare: twice the
 * larger of their scales, so that the factor of one of them is a half, which needs no product. */
#include "edgehar_factor.h"

#define EDGEHAR_HALF (1 << 30)

void edgehar_add_columns(const void *parameters, const edgehar_block *block)
{
    /* A copy, which the outputs cannot change: the compiler keeps it in registers. */
    const edgehar_add add = *(const edgehar_add *)parameters;
    const int wide = add.multiplier[0] == EDGEHAR_HALF && add.shift[0] == 0 ? 0 : 1, other = 1 - wide;
    const edgehar_factor factor = edgehar_factor_of(add.multiplier[other], add.shift[other]);
    const edgehar_factor both = edgehar_factor_of(add.multiplier[2], add.shift[2]);
    const int32_t offset = add.offset[wide] * (1 << (EDGEHAR_ADD_HEADROOM - 1)), offset_ = add.offset[other];
    const int8_t *x = block->columns + (wide ? add.second : 0);
    const int8_t *y = block->columns + (wide ? 0 : add.second);
    int8_t *out = block->out;
    int8_t *const end = out + block->positions * add.channels;

#if EDGEHAR_WITH_MVE
    const int count = (int)(end - out);
    for (int at = 0; at < count; at += 4) {
        const mve_pred16_t kept = vctp32q((uint32_t)(count - at));
        const int32x4_t half = vaddq_n_s32(vshlq_n_s32(load_vector(x + at, kept), EDGEHAR_ADD_HEADROOM - 1), offset);
        const int32x4_t other_ = vshlq_n_s32(vaddq_n_s32(load_vector(y + at, kept), offset_), EDGEHAR_ADD_HEADROOM);
        const int32x4_t value = times_vector(vaddq_s32(half, times_vector(other_, &factor)), &both);
        store_vector(out + at, vaddq_n_s32(value, add.output_zero), add.activation_min, add.activation_max, kept);
    }
#else
    while (out != end) {
        const int32_t half = *x++ * (1 << (EDGEHAR_ADD_HEADROOM - 1)) + offset;
        const int32_t scaled = edgehar_times((*y++ + offset_) * (1 << EDGEHAR_ADD_HEADROOM), &factor);
        const int32_t value = edgehar_times(half + scaled, &both) + add.output_zero;
        *out++ = edgehar_clamp(value, add.activation_min, add.activation_max);
    }
#endif
}
