/* The whole square root. Internal. */
#ifndef EDGEHAR_ROOT_H
#define EDGEHAR_ROOT_H

#include <stdint.h>

/* A power of two that is at least the square root, and at most twice it. */
static inline uint32_t edgehar_above_root(uint32_t value)
{
#ifdef __GNUC__
    return 1u << ((33 - __builtin_clz(value)) / 2);
#else
    uint32_t result = 1;
    for (; value != 0; value >>= 2) {
        result <<= 1;
    }
    return result;
#endif
}

/* Rounded down, 0 of what is negative: Newton's steps from above fall until they are there. */
static inline int32_t edgehar_root(int32_t value)
{
    uint32_t result, next;

    if (value <= 0) {
        return 0;
    }
    next = edgehar_above_root((uint32_t)value);
    do {
        result = next;
        next = (result + (uint32_t)value / result) >> 1;
    } while (next < result);
    return (int32_t)result;
}

#endif
