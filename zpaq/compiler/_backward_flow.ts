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
  const open = new Uint8Array(predecessors.length).fill(1);
  let left = predecessors.length;
  while (left > 0) {
    for (let i = predecessors.length - 1; i >= 0; i--) {
      if (open[i] === 0) continue;
      open[i] = 0;
      left--;
      if (!settle(i)) continue;
      for (const each of predecessors[i]!) {
        if (open[each] === 1) continue;
        open[each] = 1;
        left++;
      }
    }
  }
}
