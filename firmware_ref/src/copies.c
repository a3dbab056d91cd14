/* Kernels that only copy; parameters: edgehar_join, edgehar_gather. */
#include "edgehar_kernels.h"

void edgehar_join_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_join *join = parameters;
    const int8_t *first = block->columns;
    const int8_t *second = first + join->second;
    int8_t *out = block->out;
    int position;

    for (position = 0; position < block->positions; position++) {
        memcpy(out, first, join->channels[0]);
        memcpy(out + join->channels[0], second, join->channels[1]);
        first += join->channels[0];
        second += join->channels[1];
        out += join->channels[0] + join->channels[1];
    }
}

void edgehar_gather_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_gather *gather = parameters;
    int8_t *out = block->out;
    int position, tap;

    for (position = 0; position < block->positions; position++) {
        const int8_t *from = block->columns + (uint32_t)position * gather->step;
        for (tap = 0; tap < gather->taps; tap++, from += gather->apart, out += gather->channels) {
            memcpy(out, from, gather->channels);
        }
    }
}
