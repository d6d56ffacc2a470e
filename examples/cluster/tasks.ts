/**
 * What the cluster does: tasks, the parts that they are divided into, and their results. All are plain values, which go
 * through Redis as JSON.
 */
import type { Lz4Split } from "@sluice/lz4";
import type { ZpaqBlockPlan } from "@sluice/zpaq";
import type { ZstdSplit } from "@sluice/zstd/seekable";

/** What is done with every part. */
export type Task =
  | { readonly kind: "count"; readonly sum?: string | undefined }
  | { readonly kind: "grep"; readonly pattern: string }
  | {
    readonly kind: "recompress";
    readonly to: "zstd" | "lz4";
    readonly level: number;
    readonly frameSize: number;
  }
  | { readonly kind: "archive"; readonly method: string }
  | { readonly kind: "verify" };

/** Where the input is. */
export interface Source {
  /** A path or a URL; for plain files the folder or the address that names are appended to. */
  readonly url: string;
  /** The same as messages and identities show it: without a signature. */
  readonly label: string;
  /** Whether it is encrypted with AES-GCM: workers have the key, jobs do not. */
  readonly encrypted: boolean;
}

/** A git pack, which is checked as a whole. */
export interface PackWork {
  readonly format: "git-pack";
  readonly id: number;
  readonly size: number;
  readonly validator?: string | undefined;
}

/** What is read for a part: a split of a compressed file, ranges of plain files, or a pack. */
export type Work = ZstdSplit | Lz4Split | ZpaqBlockPlan | PackWork;

/** Where the output of a part goes. */
export interface PartTarget {
  /** Which upload it belongs to: a result is that of one upload. */
  readonly upload: string;
  /** A presigned URL that takes the part. */
  readonly put: string;
}

/** The data of a job: one part of a run. */
export interface Part {
  readonly run: string;
  readonly task: Task;
  readonly source: Source;
  readonly work: Work;
  readonly target?: PartTarget | undefined;
}

/** What a part gave. */
export interface PartResult {
  /** Content bytes that were read. */
  readonly bytesIn: number;
  /** Bytes of the output, and its SHA-256 in hexadecimal; 0 and "" without one. */
  readonly bytesOut: number;
  readonly sha256: string;
  /** Lines, or lines that match. */
  readonly rows: number;
  readonly sum: number;
  /** The first lines that match. */
  readonly sample: readonly string[];
  /** What the object store calls the output. */
  readonly etag: string;
  /** The frames of the output: those of a seek index, or an lz4 index in base64. */
  readonly index: readonly (readonly number[])[] | string;
}

/** A result of a part that has no output. */
export const NO_OUTPUT: Omit<PartResult, "bytesIn"> = {
  bytesOut: 0,
  sha256: "",
  rows: 0,
  sum: 0,
  sample: [],
  etag: "",
  index: [],
};

/** The data of the job that ends a run. */
export interface Run {
  readonly run: string;
  readonly task: Task;
  readonly source: Source;
  readonly parts: number;
  readonly bytes: number;
  readonly startedAt: number;
  readonly target?: RunTarget | undefined;
}

/** How an output is completed: presigned URLs, so that workers need no credentials. */
export interface RunTarget {
  readonly upload: string;
  /** Takes the last part: the seek table or the index. */
  readonly table: string;
  readonly complete: string;
  /** Reads the complete object. */
  readonly get: string;
}

/** A part that no worker can do. */
export interface DeadPart {
  readonly id: number;
  readonly source: string;
  readonly code: string;
  /** Where in the source, in bytes. */
  readonly offset: number | undefined;
  readonly message: string;
}

/** What a run gave. */
export interface RunResult {
  readonly complete: boolean;
  readonly parts: number;
  readonly rows: number;
  readonly sum: number;
  readonly sample: readonly string[];
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly dead: readonly DeadPart[];
  readonly seconds: number;
}

/** The queues in Redis. */
export const QUEUES = { parts: "sluice-parts", runs: "sluice-runs", dead: "sluice-dead" } as const;

/**
 * What a result is stored under: the same work on the same version of the same source has the same identity, in any run
 * and on any machine.
 */
export async function identityOf({ task, source, work, target }: Part): Promise<string> {
  const text = JSON.stringify([task, source.label, work, target?.upload ?? null]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex();
}
