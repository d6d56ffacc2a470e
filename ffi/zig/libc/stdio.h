/* wasm32-freestanding has no console: the codecs' notices go nowhere. */
#pragma once
#include <stddef.h>
#define stderr ((void *)0)
#define fprintf(...) ((void)0)
#define fflush(stream) ((void)0)
