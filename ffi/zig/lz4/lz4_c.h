/* The parts of lz4 that the exports call, with the advanced functions switched on. */
#define LZ4_STATIC_LINKING_ONLY
#define LZ4_HC_STATIC_LINKING_ONLY
#define XXH_STATIC_LINKING_ONLY
#define XXH_NAMESPACE LZ4_
#include "lz4.h"
#include "lz4hc.h"
#include "xxhash.h"
