/**
 * Facts that flow from blocks to those before them.
 */

/**
 * Settles facts of blocks: `settle` finds those of one from the blocks after it, and says whether they changed. Sweeps go
 * from the last block to the first, since most of them come from the next one: a list of what is left to do would look at
 * each block hundreds of times.
 */
export function settleBackwards(
  predecessors: readonly (readonly number[])[],
  settle: (index: number) => boolean,
): void {
  const count = predecessors.length;
  // One bit for each block: most sweeps have few to look at.
  const open = new Uint32Array((count + 31) >>> 5).fill(-1);
  if ((count & 31) !== 0) open[open.length - 1] = 2 ** (count & 31) - 1;
  let left = count;
  while (left > 0) {
    for (let word = open.length - 1; word >= 0; word--) {
      // Blocks above the last one that was looked at wait for the next sweep.
      for (let below = -1, rest = open[word]!; rest !== 0; rest = open[word]! & below) {
        const bit = 31 - Math.clz32(rest);
        below = 2 ** bit - 1;
        open[word]! &= ~(1 << bit);
        left--;
        if (!settle(word * 32 + bit)) continue;
        for (const each of predecessors[word * 32 + bit]!) {
          const mask = 1 << (each & 31);
          if ((open[each >>> 5]! & mask) !== 0) continue;
          open[each >>> 5]! |= mask;
          left++;
        }
      }
    }
  }
}
