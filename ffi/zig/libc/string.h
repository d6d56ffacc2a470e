/* wasm32-freestanding has no libc: what wasm_libc.zig or the compiler provides. */
#pragma once
#include <stddef.h>
void *memcpy(void *target, const void *source, size_t size);
void *memmove(void *target, const void *source, size_t size);
void *memset(void *target, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
