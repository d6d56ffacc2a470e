/**
 * One file on its way through the codec.
 */
import type { BlockWriter, ChunkReader } from "../shared/io.ts";
import type { Progress } from "../shared/progress.ts";

/** One input on its way to its output. */
export interface ZstdTransfer {
  /** The input's name, for messages. */
  readonly name: string;
  readonly reader: ChunkReader;
  readonly writer: BlockWriter;
  /** The exact size of the input, where that is known. */
  readonly size: number | undefined;
  readonly fromStdin: boolean;
  readonly progress: Progress;
}
