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

    while (out != end) {
        const int32_t product = (*first++ + pair.offset[0]) * (*second++ + pair.offset[1]);
        const int32_t value = edgehar_times(product, &factor) + pair.output_zero;
        *out++ = edgehar_clamp(value, pair.activation_min, pair.activation_max);
    }
}
