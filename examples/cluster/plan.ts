/**
 * Plans of runs: which parts a source is divided into.
 */
import { buildLz4Index, Lz4Index, openByteSource, openLz4AesGcmSource, planLz4Splits } from "@sluice/lz4";
import type { ByteSource } from "@sluice/lz4";
import { planZpaqBlocks } from "@sluice/zpaq";
import type { ZpaqPlanFile } from "@sluice/zpaq";
import { buildZstdIndex, planZstdSplits, SluiceError, ZstdSeekableReader } from "@sluice/zstd/seekable";
import type { ZstdSeekIndex } from "@sluice/zstd/seekable";
import type { Source, Task, Work } from "./tasks.ts";

/** Indexes are at the end of files: what is read of it with the request that opens one. */
const TAIL_SIZE = 64 << 10;

/** How a source is divided. */
export interface PlanOptions {
  readonly task: Task;
  readonly source: Source;
  /** Content bytes of a part, at least. */
  readonly splitSize: number;
  /** The index of a .lz4 file that has none inside. */
  readonly index?: string | undefined;
  readonly key?: Uint8Array<ArrayBuffer> | undefined;
  /** A file with the plan, one split a line, as `sluice zstd splits` and `sluice lz4 splits --plan` print it. */
  readonly plan?: string | undefined;
}

/** The parts of a source, by the name of it: .zst, .lz4, .pack, a folder to archive, or any other file. */
export async function* planParts(options: PlanOptions): AsyncGenerator<Work, void, undefined> {
  const { task, source, splitSize, plan } = options;
  if (plan !== undefined) return yield* readPlan(plan);
  const path = new URL(source.label, "file:///").pathname;
  const atLine = task.kind === "count" || task.kind === "grep";
  if (task.kind === "archive") {
    yield* planZpaqBlocks(filesBelow(source.url), { splitSize });
    return;
  }
  const file = await openFile(options);
  if (path.endsWith(".zst")) {
    yield* planZstdSplits(file, await zstdIndexOf(file), { splitSize, atLine });
  } else if (path.endsWith(".lz4")) {
    yield* planLz4Splits(file, await lz4IndexOf(file, options), { splitSize, atLine });
  } else if (path.endsWith(".pack") && task.kind === "verify") {
    yield { format: "git-pack", id: 0, size: file.size, validator: file.validator };
  } else {
    yield* planZpaqBlocks([{ name: "", source: file }], { splitSize, atLine });
  }
}

/** The splits of a plan that was made before; workers check every field of them. */
async function* readPlan(path: string): AsyncGenerator<Work, void, undefined> {
  const file = await Deno.open(path);
  let rest = "";
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest !== "") yield JSON.parse(rest);
}

async function openFile({ source, key }: PlanOptions): Promise<ByteSource> {
  const raw = await openByteSource(source.url, { tailSize: TAIL_SIZE });
  if (!source.encrypted) return raw;
  if (key === undefined) throw new Error(`${source.label} is encrypted: give --key-file`);
  return await openLz4AesGcmSource(raw, { key });
}

/** The seek table of a file, or an index that is made by walking over its frames. */
async function zstdIndexOf(file: ByteSource): Promise<ZstdSeekIndex> {
  try {
    return (await ZstdSeekableReader.open(file)).index;
  } catch (error) {
    if (!(error instanceof SluiceError && error.code === "NOT_SEEKABLE")) throw error;
    return await buildZstdIndex(file, { maxOutputSize: Infinity });
  }
}

/** The index that is named, or the one inside the file, or one that is made by decoding it once. */
async function lz4IndexOf(file: ByteSource, { source, index, splitSize }: PlanOptions): Promise<Lz4Index> {
  if (index !== undefined) return await Lz4Index.open(index);
  const embedded = await Lz4Index.embedded(file);
  if (embedded !== undefined) return embedded;
  try {
    return await buildLz4Index(file, { spacing: Math.min(splitSize, 4 << 20) });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const message = `${source.label} has no index and none can be made, give --index: ${error.message}`;
    throw new Error(message, { cause: error });
  }
}

/** All files below a folder, in the order of their names. */
async function* filesBelow(folder: string, prefix = ""): AsyncGenerator<ZpaqPlanFile, void, undefined> {
  const entries = await Array.fromAsync(Deno.readDir(`${folder}/${prefix}`));
  for (const { name, isDirectory, isFile } of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    if (isDirectory) yield* filesBelow(folder, `${prefix}${name}/`);
    else if (isFile) yield { name: prefix + name, source: `${folder}/${prefix}${name}` };
  }
}
