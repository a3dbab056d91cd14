/* A stream and a constant of one value per channel, or per channel and column; parameters: edgehar_constant. */
#include "edgehar_kernels.h"

/* Index of the constant's first value for the block's column `position`. */
static int first_operand(const edgehar_constant *constant, const edgehar_block *block, int position)
{
    return (block->first + position) * constant->step;
}

static int8_t finished(const edgehar_constant *constant, int32_t value, int factor)
{
    return edgehar_clamp(edgehar_requantise(value, constant->multiplier[factor], constant->shift[factor]) +
                             constant->output_zero,
                         constant->activation_min, constant->activation_max);
}

/* MUL */
void edgehar_scale_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_constant *constant = parameters;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int position, channel;

    for (position = 0; position < block->positions; position++) {
        const int16_t *operand = (const int16_t *)constant->operand + first_operand(constant, block, position);
        for (channel = 0; channel < constant->channels; channel++) {
            *out++ = finished(constant, (*x++ + constant->offset) * *operand++, 0);
        }
    }
}

/* ADD */
void edgehar_offset_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_constant *constant = parameters;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int position, channel;

    for (position = 0; position < block->positions; position++) {
        const int32_t *operand = (const int32_t *)constant->operand + first_operand(constant, block, position);
        for (channel = 0; channel < constant->channels; channel++) {
            const int32_t value = (*x++ + constant->offset) * (1 << EDGEHAR_ADD_HEADROOM);
            const int32_t scaled = edgehar_requantise(value, constant->multiplier[0], constant->shift[0]);
            *out++ = finished(constant, scaled + *operand++, 1);
        }
    }
}

void edgehar_prelu_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_constant *constant = parameters;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int position, channel;

    for (position = 0; position < block->positions; position++) {
        const int16_t *slope = (const int16_t *)constant->operand + first_operand(constant, block, position);
        for (channel = 0; channel < constant->channels; channel++, slope++) {
            const int32_t value = *x++ + constant->offset;
            *out++ = value >= 0 ? finished(constant, value, 0) : finished(constant, value * *slope, 1);
        }
    }
}
