/* Whole-buffer zlib streams and their checksums. */
#include "libdeflate.h"
