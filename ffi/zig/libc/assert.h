/* The codecs are built with NDEBUG. */
#pragma once
#define assert(condition) ((void)0)
