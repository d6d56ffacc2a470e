/**
 * Reads that are made at the same time and lie next to each other share a request.
 */
import { deferred } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";

/** A request for several reads brings at most this much. */
const JOINED_SIZE_MAX = 8 << 20;

type ReadRange = (offset: number, length: number, signal: AbortSignal | undefined) => Promise<Uint8Array>;

interface PendingRead {
  readonly offset: number;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
  readonly bytes: Deferred<Uint8Array>;
}

/** Collects the reads of one turn and makes as few requests of them as it can. */
export class JoinedReads {
  readonly #readRange: ReadRange;
  #pending: PendingRead[] = [];

  constructor(readRange: ReadRange) {
    this.#readRange = readRange;
  }

  /** Reads a range; reads with the same signal that touch it in this turn share its request. */
  read(offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const bytes = deferred<Uint8Array>();
    this.#pending.push({ offset, end: offset + length, signal, bytes });
    if (this.#pending.length === 1) queueMicrotask(() => this.#start());
    return bytes.promise;
  }

  #start(): void {
    const reads = this.#pending.sort((a, b) => a.offset - b.offset);
    this.#pending = [];
    const groups: PendingRead[][] = [];
    for (const read of reads) {
      const group = groups.find((group) => isNext(group, read));
      if (group === undefined) groups.push([read]);
      else group.push(read);
    }
    for (const group of groups) this.#run(group);
  }

  async #run(group: readonly PendingRead[]): Promise<void> {
    const start = group[0]!.offset;
    try {
      const bytes = await this.#readRange(start, endOf(group) - start, group[0]!.signal);
      for (const read of group) read.bytes.resolve(bytes.subarray(read.offset - start, read.end - start));
    } catch (error) {
      for (const read of group) read.bytes.reject(error);
    }
  }
}

function endOf(group: readonly PendingRead[]): number {
  return group.reduce((end, read) => Math.max(end, read.end), 0);
}

function isNext(group: readonly PendingRead[], read: PendingRead): boolean {
  const end = endOf(group);
  return read.signal === group[0]!.signal && read.offset <= end &&
    Math.max(end, read.end) - group[0]!.offset <= JOINED_SIZE_MAX;
}
