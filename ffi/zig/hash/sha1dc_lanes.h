/* The first test of sha1dc, for eight blocks at a time: the library's own function, compiled with vectors for its words.
   Its rows take suspicions away from those that they name. A vector can't be branched on, so each "if" becomes a row whose
   effect is taken back for the blocks that do not meet its condition; shortcuts, whose rows hold anyway, are taken always. */
#include "sha1dc_libc.h"

typedef uint32_t word;
typedef word lanes __attribute__((ext_vector_type(8)));

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#define uint32_t lanes
#define ubc_check sluice_ubc_check_lanes
#define sha1_dvs sluice_sha1_dvs_lanes
struct row { lanes before, applies; int runs; };
/* Conditions start with "!", shortcuts do not. */
#define APPLIES(condition) (#condition[0] == '!' ? (lanes)(condition) : ~(lanes)(0))
#define if(condition) for (struct row row = { mask, APPLIES(condition), 1 }; row.runs; \
	mask = (mask & row.applies) | (row.before & ~row.applies), row.runs = 0)
#include "ubc_check.c"
#undef if
#undef APPLIES
#undef sha1_dvs
#undef ubc_check
#undef uint32_t

/* Words of a message are the highest byte first. */
static inline lanes swapped(lanes row)
{
	typedef unsigned char bytes __attribute__((ext_vector_type(32)));
	bytes b;
	memcpy(&b, &row, 32);
	b = __builtin_shufflevector(b, b, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
		19, 18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28);
	memcpy(&row, &b, 32);
	return row;
}

/* From eight words of each block to the same word of all blocks. */
static inline void transposed(const unsigned char *blocks, lanes *w)
{
	lanes r[8], p[8], q[8];
	for (int i = 0; i < 8; i++) {
		memcpy(&r[i], blocks + 64 * i, 32);
		r[i] = swapped(r[i]);
	}
	for (int i = 0; i < 8; i += 2) {
		p[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
		p[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
	}
	for (int i = 0; i < 8; i += 4) {
		q[i] = __builtin_shufflevector(p[i], p[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
		q[i + 1] = __builtin_shufflevector(p[i], p[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
		q[i + 2] = __builtin_shufflevector(p[i + 1], p[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
		q[i + 3] = __builtin_shufflevector(p[i + 1], p[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
	}
	for (int i = 0; i < 4; i++) {
		w[i] = __builtin_shufflevector(q[i], q[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
		w[i + 4] = __builtin_shufflevector(q[i], q[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
	}
}

/* A bit for each of eight blocks that the library has to look at. */
unsigned sluice_sha1dc_suspects(const unsigned char *blocks)
{
	lanes w[80], left;
	unsigned suspects = 0;
	transposed(blocks, w);
	transposed(blocks + 32, w + 8);
	for (int t = 16; t < 80; t++) {
		lanes sum = w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16];
		w[t] = sum << 1 | sum >> 31;
	}
	sluice_ubc_check_lanes(w, &left);
	for (int i = 0; i < 8; i++) suspects |= (unsigned)(left[i] != 0) << i;
	return suspects;
}

#pragma clang attribute pop
