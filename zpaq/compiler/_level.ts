/**
 * The levels of optimization.
 */

/** How hard the compiler tries: not at all, without copies of functions, for speed, for size. */
export type OptimizationLevel = 0 | 1 | 2 | "s";
