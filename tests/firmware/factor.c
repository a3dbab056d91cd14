/* edgehar_times against edgehar_requantise: every shift, values at the bounds, small ones and drawn ones, with
 * multipliers whose products lie halfway. Prints how many were compared. */
#include "edgehar_factor.h"

#include <stdio.h>

static uint32_t state = 1;

static int32_t draw(int bits)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int32_t)(state & ((2u << bits) - 1u)) - (1 << bits);
}

int main(void)
{
    static const int32_t multipliers[] = {0, 1 << 30, 3 << 29, 0x7FFFFFFF, 1234567891};
    const int kinds = (int)(sizeof multipliers / sizeof *multipliers);
    long compared = 0;
    for (int shift = -31; shift <= 14; shift++) {
        const int bits = shift > 0 ? 30 - shift : 29;
        for (int at = -300; at < 3000; at++) {
            const int32_t value = at < 256 ? at : at == 256 ? 1 << bits : at == 257 ? -(1 << bits) : draw(bits);
            for (int kind = 0; kind < kinds; kind++, compared++) {
                const edgehar_factor factor = edgehar_factor_of(multipliers[kind], shift);
                if (shift > 0 && at == 256) {
                    continue; /* beyond the bound */
                }
                if (edgehar_times(value, &factor) != edgehar_requantise(value, multipliers[kind], shift)) {
                    printf("%ld * %ld, shift %d\n", (long)value, (long)multipliers[kind], shift);
                    return 1;
                }
            }
        }
    }
    printf("%ld\n", compared);
    return 0;
}
