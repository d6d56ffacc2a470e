/**
 * What the page asks of its worker and what it is told: one entry a job.
 */

/** Bytes as a stream gives them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The formats that the page knows. */
export type FormatName = "zstd" | "lz4" | "zpaq" | "git pack";

/** One codec at one level, measured. */
export interface Measured {
  readonly id: string;
  readonly family: "zstd" | "lz4" | "zpaq" | "browser";
  readonly label: string;
  /** Compressed bytes. */
  readonly size: number;
  /** Content bytes for each compressed one. */
  readonly ratio: number;
  /** Megabytes of content a second. */
  readonly compress: number;
  readonly decompress: number;
}

/** A step of a comparison: what comes next, what was measured, or what was left out and why. */
export type CompareStep =
  | { readonly next: string }
  | { readonly measured: Measured }
  | { readonly skipped: string; readonly reason: string };

/** A moment of a job that turns a file into another. */
export interface Sample {
  /** Seconds since the start. */
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A step of a conversion; the last one has the output. */
export interface ConvertStep {
  readonly sample: Sample;
  readonly output?: Blob;
}

/** What a part of a file is. */
export type RegionKind =
  | "header"
  | "raw"
  | "run"
  | "compressed"
  | "checksum"
  | "skippable"
  | "commit"
  | "tree"
  | "blob"
  | "tag"
  | "delta"
  | "damaged";

/** A part of a file. */
export interface Region {
  readonly offset: number;
  readonly size: number;
  readonly kind: RegionKind;
  readonly title: string;
  readonly facts: readonly (readonly [string, string | number])[];
  /** What a delta is made from: the number of another region. */
  readonly base?: number;
}

/** A step of an X-ray: some regions, or what is wrong and where. */
export type XrayStep =
  | { readonly regions: readonly Region[] }
  /** There are more parts than a page can show; this is where the last that was listed ends. */
  | { readonly listedTo: number }
  | { readonly fault: string; readonly offset: number | undefined }
  | { readonly verified: number };

/** One file of an archive or object of a pack. */
export interface Entry {
  readonly name: string;
  readonly size: number | undefined;
  readonly detail: string;
}

/** A finding in a model's source. */
export interface Finding {
  readonly severity: "error" | "warning" | "hint";
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** A step of a model's measurement. */
export type ModelStep =
  | { readonly size: { readonly label: string; readonly bytes: number; readonly of: number } }
  | { readonly network: string; readonly report: string };

/** A body that a server could send for the new version. */
export interface DczSize {
  readonly label: string;
  readonly bytes: number;
  readonly seconds: number;
}

/** A row of a folder in a repository. */
export interface TreeRow {
  readonly name: string;
  readonly type: "tree" | "blob" | "commit";
  readonly id: string;
}

/** A commit in a list. */
export interface LogRow {
  readonly id: string;
  readonly subject: string;
  readonly author: string;
  readonly date: string;
}

/** A file that a commit changed: its ids before and after. */
export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A step of a clone; the last one says what is here now. */
export type CloneStep =
  | { readonly state: string; readonly bytes?: number }
  | {
    readonly commit: string;
    readonly branch: string;
    readonly branches: readonly string[];
    readonly count: number;
    readonly bytes: number;
    /** Whether it lies on the disk, and not in memory. */
    readonly isKept: boolean;
  };

/** All jobs: what they take and the steps that they tell. */
export interface Jobs {
  identify: { take: { file: Blob }; step: { format: FormatName | undefined; head: Bytes } };
  compare: { take: { file: Blob; sampleSize: number; seconds: number }; step: CompareStep };
  compress: { take: { file: Blob; id: string }; step: ConvertStep & { readonly suffix?: string } };
  convert: {
    take: { file: Blob; format: FormatName; compresses: boolean; level: number };
    step: ConvertStep;
  };
  xray: { take: { file: Blob }; step: XrayStep };
  entries: { take: { file: Blob }; step: { entries: readonly Entry[] } };
  entry: { take: { file: Blob; index: number; most: number }; step: { content: Blob } };
  check: { take: { source: string }; step: { findings: readonly Finding[] } };
  model: { take: { source: string; file: Blob; sampleSize: number }; step: ModelStep };
  dcz: { take: { before: Blob; after: Blob }; step: DczSize };
  gitClone: {
    take: { url: string; branch: string | undefined; depth: number | undefined; isLight: boolean };
    step: CloneStep;
  };
  gitTree: {
    take: { url: string; commit: string; path: readonly string[] };
    step: { rows: readonly TreeRow[] };
  };
  gitLog: { take: { url: string; commit: string; most: number }; step: { commits: readonly LogRow[] } };
  gitChanges: { take: { url: string; commit: string }; step: { changes: readonly Change[] } };
  gitFiles: {
    take: { url: string; ids: readonly (string | undefined)[]; most: number };
    step: { files: readonly Blob[] };
  };
}

/** A job's name. */
export type JobName = keyof Jobs;

/** A job as it travels to the worker. */
export interface Order<K extends JobName = JobName> {
  readonly id: number;
  readonly job: K;
  readonly take: Jobs[K]["take"];
}

/** What the worker says of a job. */
export type Answer =
  | { readonly id: number; readonly step: unknown }
  | { readonly id: number; readonly done: true }
  | { readonly id: number; readonly fault: string };

/** A job as the worker has it. */
export type Job<K extends JobName> = (take: Jobs[K]["take"]) => AsyncIterable<Jobs[K]["step"]>;
