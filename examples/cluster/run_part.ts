/**
 * The work on one part: reads it, counts, searches or compresses it, and uploads what comes of it.
 */
import { buildGitPackIndex } from "@sluice/gitdb";
import { buildLz4Index, compressLz4Async, readLz4Split, SluiceError } from "@sluice/lz4";
import { compressZpaqAsync, readZpaqBlock } from "@sluice/zpaq";
import { compressZstdSeekableAsync, readZstdSplit, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { Scratch } from "./scratch.ts";
import type { OpenSources } from "./sources.ts";
import { identityOf, NO_OUTPUT } from "./tasks.ts";
import type { Part, PartResult, Task } from "./tasks.ts";

const LINE_FEED = 10;
const SAMPLE_MAX = 10;

/** Content of a part: a name only where a file of an archive starts. */
interface Content {
  readonly filename: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Output of a part before it is uploaded. */
interface Output {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly bytesIn: number;
  readonly index: PartResult["index"];
}

/** Does the work of one part; memory is bounded by its size. */
export async function runPart(part: Part, sources: OpenSources, scratchFolder: string): Promise<PartResult> {
  try {
    return await runTask(part, sources, scratchFolder);
  } catch (error) {
    sources.forget(part.source.url); // the next attempt sees whether it changed
    throw error;
  }
}

async function runTask(part: Part, sources: OpenSources, scratchFolder: string): Promise<PartResult> {
  const { task } = part;
  switch (task.kind) {
    case "count":
    case "grep": {
      const result = { ...NO_OUTPUT, bytesIn: 0, sample: [] as string[] };
      for await (const { content } of contentOf(part, sources)) {
        result.bytesIn += content.length;
        if (task.kind === "grep") searchLines(content, task.pattern, result);
        else countLines(content, task.sum, result);
      }
      return result;
    }
    case "verify": {
      let bytesIn = 0;
      for await (const { content } of contentOf(part, sources)) bytesIn += content.length;
      return { ...NO_OUTPUT, bytesIn: part.work.format === "git-pack" ? part.work.size : bytesIn };
    }
    case "recompress":
    case "archive":
      return await upload(part, new Scratch(scratchFolder, await identityOf(part)), async () => {
        const contents = contentOf(part, sources);
        return task.kind === "archive" ? await archive(contents, task) : await recompress(contents, task);
      });
  }
}

/** What a part reads: each byte is checked on the way, where the format has checksums. */
async function* contentOf(part: Part, sources: OpenSources): AsyncGenerator<Content, void, undefined> {
  const { source, work } = part;
  switch (work.format) {
    case "zstd-split":
      return yield {
        filename: "",
        content: await readZstdSplit(await sources.open(source, work.source), work),
      };
    case "lz4-split":
      return yield {
        filename: "",
        content: await readLz4Split(await sources.open(source, work.source), work),
      };
    case "zpaq-block": {
      const planned = new Map(work.parts.map((part) => [part.name, part.source]));
      const open = (name: string) =>
        sources.open({ ...source, url: addressOf(source.url, name) }, planned.get(name)!);
      return yield* readZpaqBlock(open, work);
    }
    case "git-pack": {
      const pack = await sources.open(source, work);
      if (pack.size !== work.size || pack.validator !== work.validator) {
        throw new SluiceError(`Cannot verify ${source.label}: it changed after the plan was made`, {
          format: "git",
          code: "SOURCE_CHANGED",
        });
      }
      await buildGitPackIndex(pack);
      return;
    }
  }
}

/** Where a file of a folder is; an empty name is the source itself. */
function addressOf(base: string, name: string): string {
  if (name === "") return base;
  return /^https?:/.test(base)
    ? `${base}/${name.split("/").map(encodeURIComponent).join("/")}`
    : `${base}/${name}`;
}

function countLines(
  content: Uint8Array<ArrayBuffer>,
  field: string | undefined,
  result: { rows: number; sum: number },
): void {
  if (field === undefined) {
    for (let at = content.indexOf(LINE_FEED); at >= 0; at = content.indexOf(LINE_FEED, at + 1)) result.rows++;
    if (content.length > 0 && content.at(-1) !== LINE_FEED) result.rows++;
    return;
  }
  for (const line of linesOf(content)) {
    result.rows++;
    result.sum += Number(JSON.parse(line)[field] ?? 0);
  }
}

function searchLines(
  content: Uint8Array<ArrayBuffer>,
  pattern: string,
  result: { rows: number; sample: string[] },
): void {
  const matcher = new RegExp(pattern);
  for (const line of linesOf(content)) {
    if (!matcher.test(line)) continue;
    result.rows++;
    if (result.sample.length < SAMPLE_MAX) result.sample.push(line);
  }
}

/** Lines of content; decoded 4 MiB at a time, as a text of a whole split would need much memory. */
function* linesOf(content: Uint8Array<ArrayBuffer>): Generator<string, void, undefined> {
  const decoder = new TextDecoder();
  for (let start = 0; start < content.length;) {
    const wanted = Math.min(content.length, start + (4 << 20));
    const found = content.indexOf(LINE_FEED, wanted - 1);
    const end = found < 0 ? content.length : found + 1;
    const lines = decoder.decode(content.subarray(start, end)).split("\n");
    if (lines.at(-1) === "") lines.pop();
    yield* lines;
    start = end;
  }
}

async function recompress(
  contents: AsyncIterable<Content>,
  { to, level, frameSize }: Task & { kind: "recompress" },
): Promise<Output> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const { content } of contents) parts.push(content);
  const content = parts.length === 1 ? parts[0]! : await new Blob(parts).bytes();
  const bytesIn = content.length;
  if (to === "lz4") {
    const bytes = await compressLz4Async(content, { level, frameSize, contentChecksum: true });
    const index = (await buildLz4Index(bytes, { spacing: frameSize })).toBytes().toBase64();
    return { bytes, bytesIn, index };
  }
  const file = await compressZstdSeekableAsync(content, { level, frameSize, threads: 1 });
  const { index } = await ZstdSeekableReader.open(file);
  return { bytes: file.subarray(0, index.compressedSize), bytesIn, index: index.toJSON().frames };
}

/** Each part of a file becomes a block of its own: blocks are what machines can be given. */
async function archive(
  contents: AsyncIterable<Content>,
  { method }: Task & { kind: "archive" },
): Promise<Output> {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  let bytesIn = 0;
  for await (const { filename, content } of contents) {
    bytesIn += content.length;
    blocks.push(await compressZpaqAsync(content, { filename, method }));
  }
  return { bytes: await new Blob(blocks).bytes(), bytesIn, index: [] };
}

/** Uploads output that is made now, or that an earlier attempt left on this machine. */
async function upload(part: Part, scratch: Scratch, make: () => Promise<Output>): Promise<PartResult> {
  const { target } = part;
  if (target === undefined) throw new Error("the part has no target");
  let kept = await scratch.read();
  if (kept === undefined) {
    const { bytes, bytesIn, index } = await make();
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const result = { ...NO_OUTPUT, bytesIn, bytesOut: bytes.length, sha256, index };
    await scratch.write(bytes, result);
    kept = { bytes, result };
  }
  const response = await fetch(target.put, { method: "PUT", body: kept.bytes });
  const text = await response.text();
  if (!response.ok) throw new Error(`the object store answered ${response.status}: ${text.slice(0, 200)}`);
  const etag = response.headers.get("etag") ?? "";
  await scratch.remove();
  return { ...kept.result, etag };
}
