/**
 * Chapters of help about models.
 *
 * @module
 */

/** The names of the chapters. */
export type ZpaqlPyChapter = "zpaq" | "zpaql" | "lang" | "ir" | "tutorial";

const CHAPTERS: Readonly<Record<ZpaqlPyChapter, string>> = {
  zpaq: `ZPAQ archives

An archive consists of blocks. Each block carries all that is needed to read it: the components of a context
mixing model, the program hcomp that computes their contexts, and, before the data, the program pcomp that
turns what was decoded into the content of the files. A block has one or more segments, one for a file or part
of a file. Programs keep their memory from segment to segment of a block.

Component i predicts the next bit from its context in H[i] and from the predictions of components before it:

  const C                        always the same prediction; C - 128 is its strength
  cm SIZE LIMIT                  2^SIZE predictions; each learns by 1/n, at least by 1/(4 LIMIT)
  icm SIZE                       bit histories in 64 * 2^SIZE bytes, for contexts that are hashes
  match SIZE BUFFER              the longest match in 2^BUFFER bytes, found by 2^SIZE hashes
  avg J K WEIGHT                 the predictions of J and K, that of J weighted by WEIGHT / 256
  mix2 SIZE J K RATE MASK        2^SIZE pairs of weights for J and K that learn by RATE
  mix SIZE J M RATE MASK         2^SIZE sets of weights for the M components from J on
  isse SIZE J                    corrects J by a bit history, in 64 * 2^SIZE bytes
  sse SIZE J START LIMIT         corrects J by 2^SIZE tables; they learn from 1/START down to 1/(4 LIMIT)

All arguments are numbers from 0 to 255. MASK says which bits of the byte so far help to select weights: 0 none,
255 all.

Contexts: a cm or sse takes the low bits of H[i], of which the lowest 9 (cm) or 8 (sse) belong to the bits of the
byte so far: shift what is known by 9 or 8. An icm, isse or match takes all bits of a hash. Hash bytes one after the
other, the latest last: h = hash(h, byte), which is (h + byte + 512) * 773 & 0xFFFFFFFF.
`,
  zpaql: `The machine

Registers A, B, C, D of 32 bits, a flag F, 256 cells R, an array H of 2^hh numbers and an array M of 2^hm bytes.
*B and *C are elements of M, *D is one of H; indexes wrap. Only A takes part in arithmetic and comparisons.
The program is called with a byte in A, or 4294967295 at the end of a segment (pcomp), and runs until HALT. All
memory but A and the place in the program survives. OUT gives out the low byte of A in pcomp.
`,
  lang: `The language

A source is Python 3. Values are numbers from 0 to 4294967295; sums, products and shifts may overflow as long as
quotients, comparisons, indexes and loops see numbers in that range.

Statements: assignments, if, while, for over range, def, return, break, continue, global, pass, assert.
Arrays: hH and hM in hcomp, pH and pM in pcomp; tables T = (1, 2, 3) and B = b"..." at module level.
Functions: read_b() push_b(c) peek_b() out(c) error() len(array), and alloc_pH(size) free_pH(r) array_pH(address)
len_pH(r), the same for hH, hM, pM, which take memory from addr_alloc_pH(size) and addr_free_pH(address).
hash(a, b) is (a + b + 512) * 773 modulo 2^32, which the machine computes by one instruction; hash(a) is hash(a, 0).

def encode(reader, writer), beside pcomp, prepares files: reader() is the next byte or NONE, writer(b) writes one.

Header data come first: hh hm ph pm, n = len({0: "component", ...}), pcomp_invocation = "command".
`,
  ir: `Operations between source and instructions

The program is one graph of blocks. A block has operations and one end. Operations: x = y, x = y op z,
x = H[y], M[x] = y, out x, x = input, save and restore around calls that may come back to their function.
Ends: jump, if ... jump ... else, call, return, read (halts until the next byte comes), halt, error.
`,
  tutorial: `A model for run lengths

1. sluice zpaq py template -o model.py
2. Set hh = 2, hm = ph = pm = 0, three components "cm 19 22", "cm 19 22", "mix2 1 0 1 30 0", and
   pcomp_invocation = "./simple_rle", a program that turns INPUT into pairs of a byte and its count in OUTPUT.
3. Write pcomp: the first byte of a pair is kept, the second says how often it goes out; NONE starts anew.
   sluice zpaq py run model.py pcomp pairs restored
4. Write hcomp: hH[0] from the last byte, hH[1] from the last count, hH[2] whether a count comes next.
   sluice zpaq py run model.py hcomp pairs
5. sluice zpaq py diff model.py hcomp pairs
6. sluice zpaq py compile model.py
`,
};

/**
 * A chapter of help.
 *
 * @throws {RangeError} If there is no such chapter.
 *
 * @example The machine's registers
 * ```ts
 * import { zpaqlPyInfo } from "@sluice/zpaq/compiler";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(zpaqlPyInfo("zpaql"), "Registers A, B, C, D");
 * ```
 */
export function zpaqlPyInfo(chapter: ZpaqlPyChapter): string {
  if (Object.hasOwn(CHAPTERS, chapter)) return CHAPTERS[chapter];
  throw new RangeError(`Cannot show "${chapter}": expected ${Object.keys(CHAPTERS).join(", ")}`);
}
