/**
 * Defaults of block copies.
 *
 * @module
 */
import { processorCount } from "@sluice/internal";

export { PDIFF_BLOCK_SIZE } from "./_defaults.ts";

/** The port of a server, unless told otherwise. */
export const PDIFF_PORT = 8080;

/** How many parts of a file are worked on at a time: a third of the cores, and at least two. */
export const PDIFF_CONCURRENCY: number = Math.max(
  2,
  Math.floor(processorCount() / 3),
);
