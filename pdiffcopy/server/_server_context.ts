/**
 * What all requests to one server share.
 */
import type { ServedRoot } from "./_mounted_roots.ts";
import type { BodyLimits, BodyRoom, Turnstile } from "./_server_request.ts";

/** What requests are answered with. */
export interface ServerContext {
  readonly root: ServedRoot;
  readonly writable: boolean;
  /** Whether the request may remove names. */
  readonly mayDelete: boolean;
  /** Whether the end of a write waits for the disk. */
  readonly durable: boolean;
  /** The most threads that hash for one request. */
  readonly threads: number;
  /** Lets as many requests hash at a time as there are cores. */
  readonly hashTurns: Turnstile;
  readonly bodyLimits: BodyLimits;
  /** Room for bodies of blocks. */
  readonly room: BodyRoom;
  /** Called for each block that comes by protocol 1, which can't be verified. */
  noteV1Write(filename: string): void;
}
