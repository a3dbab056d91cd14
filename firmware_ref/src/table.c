/* A function of one value as a table; parameters: edgehar_table. */
#include "edgehar_mve.h"

void edgehar_table_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_table table = *(const edgehar_table *)parameters;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int8_t *const end = out + block->positions * table.channels;

#if EDGEHAR_WITH_MVE
    const int count = (int)(end - out);
    for (int at = 0; at < count; at += 16) {
        const mve_pred16_t kept = vctp8q((uint32_t)(count - at));
        const uint8x16_t index = vldrbq_z_u8((const uint8_t *)x + at, kept);
        vstrbq_p_s8(out + at, vldrbq_gather_offset_z_s8(table.values, index, kept), kept);
    }
#else
    while (out != end) {
        *out++ = table.values[(uint8_t)*x++];
    }
#endif
}
