/* The parts of zstd that the exports call, with the advanced functions switched on. */
#define ZSTD_STATIC_LINKING_ONLY
#define ZDICT_STATIC_LINKING_ONLY
#include "zstd.h"
#include "zstd_errors.h"
#include "zdict.h"
#include "compress/zstd_preSplit.h"

/* The hash behind zstd's checksums. */
#define XXH_STATIC_LINKING_ONLY
#include "common/xxhash.h"
