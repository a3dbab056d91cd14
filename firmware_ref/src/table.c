/* A function of one value as a table; parameters: edgehar_table. */
#include "edgehar_kernels.h"

void edgehar_table_columns(const void *parameters, const edgehar_block *block)
{
    const edgehar_table table = *(const edgehar_table *)parameters;
    const int8_t *x = block->columns;
    int8_t *out = block->out;
    int8_t *const end = out + block->positions * table.channels;

    while (out != end) {
        *out++ = table.values[(uint8_t)*x++];
    }
}
