/**
 * What copies are told, and what they tell.
 *
 * @module
 */
import type { SluiceError, SluiceProgress } from "@sluice/internal";
import type { PdiffLocation } from "../file/location.ts";

/** What a copy is doing. */
export type PdiffCopyPhase = "compare" | "transfer";

/** How far a copy is. */
export interface PdiffCopyProgress extends SluiceProgress {
  /** What it is doing. */
  readonly phase: PdiffCopyPhase;
  /** Bytes that went over the network, both ways. */
  readonly wireBytes: number;
  /** Seconds since the start. */
  readonly seconds: number;
}

/** How a file is copied. */
export interface PdiffClientOptions {
  /** What is read: a path, or `http://host:port/path` on a server. */
  readonly source: string | URL | PdiffLocation;
  /** What is written: a path, or `http://host:port/path` on a server. */
  readonly target: string | URL | PdiffLocation;
  /**
   * Bytes of a block, from 512 to 64 Mi.
   *
   * @default {chosen by the size of the file; 1 MiB with protocol 1}
   */
  readonly blockSize?: number | undefined;
  /** Parts of the file that are worked on at a time. @default {PDIFF_CONCURRENCY} */
  readonly concurrency?: number | undefined;
  /** Whether blocks are compared first; else all are copied. @default {true} */
  readonly delta?: boolean | undefined;
  /** Whether it only says what would be done. @default {false} */
  readonly dryRun?: boolean | undefined;
  /**
   * The hash that blocks are compared by.
   *
   * @default {"xxh3-128" with a random seed; "sha1" with protocol 1}
   */
  readonly hash?: string | undefined;
  /** The protocol; found out unless given. */
  readonly protocol?: 1 | 2 | undefined;
  /**
   * How an existing file is replaced: `inplace` with a journal, `atomic` by a new file that is renamed over it, `auto`
   * atomically where the file system can share blocks, else in place.
   *
   * @default {"auto"}
   */
  readonly replace?: "auto" | "inplace" | "atomic" | undefined;
  /** Whether the end waits until the disk has everything. @default {true} */
  readonly durable?: boolean | undefined;
  /** Whether copies by protocol 1 are hashed again at the end, where no digest came before. @default {true} */
  readonly rehash?: boolean | undefined;
  /** Whether the target is read back from the disk at the end, and compared by digests. @default {false} */
  readonly verifyWritten?: boolean | undefined;
  /** Level of zstd for blocks on their way; 0 for none. @default {0} */
  readonly compressionLevel?: number | undefined;
  /** Whether a source that an earlier copy left mixed may be read. @default {false} */
  readonly allowDirty?: boolean | undefined;
  /** Whether percent signs in locations stand for themselves. @default {false} */
  readonly literalPaths?: boolean | undefined;
  /**
   * Whether content is found again where it has moved: the source is searched, byte by byte, for the blocks of the old
   * file, of `seeds`, and of what an earlier copy left. Servers must speak protocol 2. The new content is put together
   * beside the target, so that takes room for all of it.
   *
   * @default {false}
   */
  readonly shift?: boolean | undefined;
  /**
   * Bytes of these blocks, a power of two from 4 KiB to 16 MiB.
   *
   * @default {near twice the root of the size, at most 4 MiB}
   */
  readonly chunkSize?: number | undefined;
  /** Other files on this machine that may have some of the content, with `shift` and a local target. */
  readonly seeds?: readonly string[] | undefined;
  /** A secret for servers that ask for one. */
  readonly token?: string | undefined;
  /** Certificates that are trusted beside the usual ones, in PEM. */
  readonly caCerts?: readonly string[] | undefined;
  /** How often a request is repeated without progress in between. @default {as often as `retryBudgetMs` allows} */
  readonly retries?: number | undefined;
  /** Milliseconds without progress after which a copy is given up, once a server has answered. @default {300000} */
  readonly retryBudgetMs?: number | undefined;
  /** Milliseconds without a byte after which a request is given up. @default {120000} */
  readonly stallTimeoutMs?: number | undefined;
  /** Bytes a second that may go over the network. @default {no limit} */
  readonly maxBytesPerSecond?: number | undefined;
  /** Hears how far it is, at most ten times a second. */
  readonly onProgress?: ((progress: PdiffCopyProgress) => void) | undefined;
  /** Hears what a reader of a log would want to know. */
  readonly log?: ((text: string) => void) | undefined;
  /** Gives the copy up. */
  readonly signal?: AbortSignal | undefined;
}

/** What a copy did. */
export interface PdiffSyncResult {
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes of a block. */
  readonly blockSize: number;
  /** The hash that blocks were compared by. */
  readonly hash: string;
  /** Blocks of the file. */
  readonly blocksTotal: number;
  /** Blocks that had to be copied. */
  readonly blocksDiffering: number;
  /** Bytes that were there already. */
  readonly bytesMatched: number;
  /** Bytes of blocks that were copied. */
  readonly bytesTransferred: number;
  /** Bytes that came over the network. */
  readonly wireBytesIn: number;
  /** Bytes that went over the network. */
  readonly wireBytesOut: number;
  /** How much was there already, in whole percent. */
  readonly similarity: number;
  /** How long it took. */
  readonly seconds: number;
  /** Whether something was left of an earlier copy. */
  readonly resumed: boolean;
  /** The protocol; 0 where no server took part. */
  readonly protocol: 0 | 1 | 2;
  /** Whether nothing was written because that was only asked about. */
  readonly dryRun: boolean;
  /** Whether the target had the same content and length before; undefined where it was not compared. */
  readonly equal: boolean | undefined;
  /** What the copy would fail with, where it was only asked about and a server does not allow it. */
  readonly refusal?: SluiceError | undefined;
}

/** A range of a file. */
export interface PdiffChangedRange {
  /** Where it starts. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** What differs between two files. */
export interface PdiffChangeSet {
  /** Ranges of whole blocks, in order. */
  readonly ranges: readonly PdiffChangedRange[];
  /** Bytes of the source. */
  readonly size: number;
  /** Bytes of a block. */
  readonly blockSize: number;
  /** How much is the same, in whole percent. */
  readonly similarity: number;
  /** Bytes of the target; undefined where there is none. */
  readonly targetSize: number | undefined;
  /** Whether content and length are the same. */
  readonly equal: boolean;
}
