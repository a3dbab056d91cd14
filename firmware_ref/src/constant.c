/* A stream and a constant of one value per channel, or per channel and column; parameters: edgehar_constant. */
#include "edgehar_factor.h"

/* Index of the constant's first value for the block's column `position`. */
static int first_operand(const edgehar_constant *constant, const edgehar_block *block, int position)
{
    return (block->first + position) * constant->step;
}

#if EDGEHAR_WITH_MVE
static inline void finish_vector(int8_t *out, const edgehar_constant *constant, int32x4_t scaled, mve_pred16_t kept)
{
    store_vector(out, vaddq_n_s32(scaled, constant->output_zero), constant->activation_min, constant->activation_max,
                 kept);
}
#else
static inline int8_t finished(const edgehar_constant *constant, int32_t value, const edgehar_factor *factor)
{
    return edgehar_clamp(edgehar_times(value, factor) + constant->output_zero, constant->activation_min,
                         constant->activation_max);
}
#endif

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
#if EDGEHAR_WITH_MVE
        for (channel = 0; channel < constant.channels; channel += 4) {
            const mve_pred16_t kept = vctp32q((uint32_t)(constant.channels - channel));
            const int32x4_t value = vaddq_n_s32(load_vector(x + channel, kept), constant.offset);
            const int32x4_t product = vmulq_s32(value, vldrhq_z_s32(operand + channel, kept));
            finish_vector(out + channel, &constant, times_vector(product, &factor), kept);
        }
        x += constant.channels;
        out += constant.channels;
#else
        for (channel = 0; channel < constant.channels; channel++) {
            *out++ = finished(&constant, (*x++ + constant.offset) * *operand++, &factor);
        }
#endif
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
#if EDGEHAR_WITH_MVE
        for (channel = 0; channel < constant.channels; channel += 4) {
            const mve_pred16_t kept = vctp32q((uint32_t)(constant.channels - channel));
            const int32x4_t value = vaddq_n_s32(load_vector(x + channel, kept), constant.offset);
            const int32x4_t scaled = times_vector(vshlq_n_s32(value, EDGEHAR_ADD_HEADROOM), &factor);
            const int32x4_t sum = vaddq_s32(scaled, vldrwq_z_s32(operand + channel, kept));
            finish_vector(out + channel, &constant, times_vector(sum, &last), kept);
        }
        x += constant.channels;
        out += constant.channels;
#else
        for (channel = 0; channel < constant.channels; channel++) {
            const int32_t value = (*x++ + constant.offset) * (1 << EDGEHAR_ADD_HEADROOM);
            const int32_t scaled = edgehar_times(value, &factor);
            *out++ = finished(&constant, scaled + *operand++, &last);
        }
#endif
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
#if EDGEHAR_WITH_MVE
        for (channel = 0; channel < constant.channels; channel += 4) {
            const mve_pred16_t kept = vctp32q((uint32_t)(constant.channels - channel));
            const int32x4_t value = vaddq_n_s32(load_vector(x + channel, kept), constant.offset);
            const int32x4_t product = vmulq_s32(value, vldrhq_z_s32(slope + channel, kept));
            const int32x4_t chosen =
                vpselq_s32(times_vector(value, &above), times_vector(product, &below), vcmpgeq_n_s32(value, 0));
            finish_vector(out + channel, &constant, chosen, kept);
        }
        x += constant.channels;
        out += constant.channels;
#else
        for (channel = 0; channel < constant.channels; channel++, slope++) {
            const int32_t value = *x++ + constant.offset;
            *out++ = value >= 0 ? finished(&constant, value, &above) : finished(&constant, value * *slope, &below);
        }
#endif
    }
}
