/**
 * The two sides of a copy, wherever they are: what the engine asks of them.
 */
import type { Table } from "../file/_block_file.ts";

/** What is known of a file before its content is. */
export interface SideStatus {
  readonly size: number;
  /** Changes with the content; "" where the other side has no such thing. */
  readonly version: string;
  /** Nanoseconds; undefined where the other side does not say. */
  readonly mtimeNs: bigint | undefined;
  /** Permission bits; undefined where the other side does not say. */
  readonly mode: number | undefined;
  /** Whether it is a block device, whose size is fixed. */
  readonly isDevice: boolean;
}

/** Where bytes come from. */
export interface CopySource {
  readonly label: string;
  readonly remote: boolean;
  /** How many chunks of frames stay valid beside the last one. */
  readonly lookahead: number;
  /** What is there now; calls after it refer to that and fail when it has changed. */
  stat(): Promise<SideStatus>;
  /** Fills the table with this side's digests of a range. */
  digests(start: number, end: number, table: Table): Promise<void>;
  /**
   * Whole frames that turn a file with the digests in the table, known up to `knownEnd`, into this one. A chunk is valid
   * until the next is asked for, or `lookahead` more. Ends normally only when everything came.
   */
  frames(start: number, end: number, knownEnd: number, table: Table): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** After everything was taken: fails unless the table, and so the target, has what the source has now. */
  finish(table: Table): Promise<void>;
  close(): void;
}

/** What became of frames that a target took. */
export interface Taken {
  /** Where the next must start. */
  readonly next: number;
  /** Bytes that they change. */
  readonly written: number;
  /** Settles when the other side has them, and the frames may change; undefined where that is so already. */
  readonly done?: Promise<void>;
}

/** Where bytes go. */
export interface CopyTarget {
  readonly label: string;
  readonly remote: boolean;
  /** Whether something was left of an earlier copy. */
  readonly resumed: boolean;
  /** Whether the file is a mixture as long as the copy is not complete. */
  readonly isMixed: boolean;
  /** Whether the file had the source's length before; a device may be longer. */
  readonly hasLength: boolean;
  /** Fills the table with digests of a range of what is there; returns up to where it is known. */
  digests(start: number, end: number, table: Table): Promise<number>;
  /** Takes whole frames, which go on from `next`. */
  apply(next: number, end: number, table: Table, frames: Uint8Array<ArrayBuffer>): Promise<Taken>;
  /** Ends the copy: everything was taken. */
  commit(table: Table): Promise<void>;
  /** Gives up; what came stays for the next run where that is possible. */
  abort(reason: unknown): Promise<void>;
}
