/* What the mutators of libFuzzer share: they change an input and make its checksum right again. */
#ifndef EDGEHAR_FUZZ_MUTATE_H
#define EDGEHAR_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef EDGEHAR_LIBFUZZER
#include "edgehar_checksum.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed_value);

/* libFuzzer is not built with the memory sanitizer, which takes what it passes and writes for unset. */
#ifdef EDGEHAR_MEMORY_SANITIZER
#include <sanitizer/msan_interface.h>
#define EDGEHAR_KNOWN(data, size) __msan_unpoison((data), (size))
#else
#define EDGEHAR_KNOWN(data, size) ((void)0)
#endif
#define EDGEHAR_FROM_LIBFUZZER __attribute__((no_sanitize("memory")))

/* libFuzzer's own mutation. */
EDGEHAR_FROM_LIBFUZZER static size_t mutate(uint8_t *data, size_t size, size_t most)
{
    size = LLVMFuzzerMutate(data, size, most);
    EDGEHAR_KNOWN(data, most);
    return size;
}

/* 0 … below - 1. */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

/* Over all bytes but the last four, which take it. */
static void put_checksum(uint8_t *bytes, size_t size)
{
    const uint32_t sum = edgehar_checksum(bytes, (uint32_t)size - 4u);
    memcpy(bytes + size - 4, &sum, sizeof sum);
}
#endif

#endif
