/* wasm32-freestanding has no clock; the dictionary builder only times its notices. */
#pragma once
typedef long clock_t;
#define CLOCKS_PER_SEC 1000000L
#define clock() ((clock_t)0)
