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

    while (out != end) {
        const int32_t half = *x++ * (1 << (EDGEHAR_ADD_HEADROOM - 1)) + offset;
        const int32_t scaled = edgehar_times((*y++ + offset_) * (1 << EDGEHAR_ADD_HEADROOM), &factor);
        const int32_t value = edgehar_times(half + scaled, &both) + add.output_zero;
        *out++ = edgehar_clamp(value, add.activation_min, add.activation_max);
    }
}
