/* memcpy, memmove and memset for a module without a library; compiled with -fno-builtin, or they would call
 * themselves. */
#include <stdint.h>
#include <string.h>

/* Words at any address: WebAssembly has no alignment to respect. */
typedef uint64_t word __attribute__((aligned(1), may_alias));

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    for (; bytes >= sizeof(word); bytes -= sizeof(word), out += sizeof(word), in += sizeof(word)) {
        *(word *)out = *(const word *)in;
    }
    for (; bytes > 0; bytes--) {
        *out++ = *in++;
    }
    return to;
}

/* What clang makes of loops that move a tail down. */
void *memmove(void *to, const void *from, size_t bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    size_t at;
    if (out <= in) {
        for (at = 0; at < bytes; at++) {
            out[at] = in[at];
        }
        return to;
    }
    while (bytes-- > 0) {
        out[bytes] = in[bytes];
    }
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    uint8_t *out = to;
    for (; bytes > 0; bytes--) {
        *out++ = (uint8_t)value;
    }
    return to;
}
