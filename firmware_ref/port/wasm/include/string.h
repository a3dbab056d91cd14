/* What the engine takes of a C library; port_memory.c has it, so that no library comes into the module. */
#ifndef EDGEHAR_WASM_STRING_H
#define EDGEHAR_WASM_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif
