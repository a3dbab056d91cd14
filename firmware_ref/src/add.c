/* ADD of two streams; parameters: edgehar_add. Both operands are brought to a common scale with 20 bits to spare. */
#include "edgehar_kernels.h"

void edgehar_add_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_add *add = parameters;
    const int8_t *first = block->columns;
    const int8_t *second = first + add->second;
    int8_t *out = block->out;
    int8_t *const end = out + block->positions * add->channels;

    while (out != end) {
        const int32_t a = (*first++ + add->offset[0]) * (1 << EDGEHAR_ADD_HEADROOM);
        const int32_t b = (*second++ + add->offset[1]) * (1 << EDGEHAR_ADD_HEADROOM);
        const int32_t sum = edgehar_requantise(a, add->multiplier[0], add->shift[0]) +
                            edgehar_requantise(b, add->multiplier[1], add->shift[1]);
        const int32_t value = edgehar_requantise(sum, add->multiplier[2], add->shift[2]) + add->output_zero;
        *out++ = edgehar_clamp(value, add->activation_min, add->activation_max);
    }
}
