/* A stream and a constant of one value per channel, or per channel and column; parameters: edgehar_constant. */
#include "edgehar_factor.h"

/* Index of the constant's first value for the block's column `position`. */
static int first_operand(const edgehar_constant *constant, const edgehar_block *block, int position)
{
    return (block->first + position) * constant->step;
}

static inline int8_t finished(const edgehar_constant *constant, int32_t value, const edgehar_factor *factor)
{
    return edgehar_clamp(edgehar_times(value, factor) + constant->output_zero, constant->activation_min,
                         constant->activation_max);
}

/* MUL */
void edgehar_scale_columns(const void *parameters, const edgehar_block *block)
{
    /* A copy, which the outputs cannot change: the compiler keeps it in registers. */
    const edgehar_constant constant = *(const edgehar_constant *)parameters;
    const edgehar_factor factor = edgehar_factor_of(constant.multiplier[0], constant.shift[0]);
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int position, channel;

    for (position = 0; position < block->positions; position++) {
        const int16_t *operand = (const int16_t *)constant.operand + first_operand(&constant, block, position);
        for (channel = 0; channel < constant.channels; channel++) {
            *out++ = finished(&constant, (*x++ + constant.offset) * *operand++, &factor);
        }
    }
}

/* ADD */
void edgehar_offset_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_constant constant = *(const edgehar_constant *)parameters;
    const edgehar_factor factor = edgehar_factor_of(constant.multiplier[0], constant.shift[0]);
    const edgehar_factor last = edgehar_factor_of(constant.multiplier[1], constant.shift[1]);
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int position, channel;

    for (position = 0; position < block->positions; position++) {
        const int32_t *operand = (const int32_t *)constant.operand + first_operand(&constant, block, position);
        for (channel = 0; channel < constant.channels; channel++) {
            const int32_t value = (*x++ + constant.offset) * (1 << EDGEHAR_ADD_HEADROOM);
            const int32_t scaled = edgehar_times(value, &factor);
            *out++ = finished(&constant, scaled + *operand++, &last);
        }
    }
}

void edgehar_prelu_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_constant constant = *(const edgehar_constant *)parameters;
    const edgehar_factor above = edgehar_factor_of(constant.multiplier[0], constant.shift[0]);
    const edgehar_factor below = edgehar_factor_of(constant.multiplier[1], constant.shift[1]);
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int position, channel;

    for (position = 0; position < block->positions; position++) {
        const int16_t *slope = (const int16_t *)constant.operand + first_operand(&constant, block, position);
        for (channel = 0; channel < constant.channels; channel++, slope++) {
            const int32_t value = *x++ + constant.offset;
            *out++ = value >= 0 ? finished(&constant, value, &above) : finished(&constant, value * *slope, &below);
        }
    }
}
