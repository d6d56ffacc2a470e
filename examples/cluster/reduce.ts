/**
 * The end of a run: adds up the results of its parts, and completes its output without reading it.
 */
import { joinLz4Indexes, Lz4Index } from "@sluice/lz4";
import { joinZstdIndexes, ZstdSeekIndex } from "@sluice/zstd/seekable";
import { checked, completeBody } from "./object_store.ts";
import type { DeadPart, PartResult, Run, RunResult, RunTarget, Task } from "./tasks.ts";

const SAMPLE_MAX = 10;

/** Adds up results in the order of their parts, and completes the output if no part is missing. */
export async function reduceRun(
  { task, parts, startedAt, target }: Run,
  results: AsyncIterable<PartResult>,
  dead: readonly DeadPart[],
): Promise<RunResult> {
  const total = { rows: 0, sum: 0, sample: [] as string[], bytesIn: 0, bytesOut: 0 };
  const etags: string[] = [];
  const indexes: PartResult["index"][] = [];
  for await (const result of results) {
    total.rows += result.rows;
    total.sum += result.sum;
    total.bytesIn += result.bytesIn;
    total.bytesOut += result.bytesOut;
    total.sample.push(...result.sample.slice(0, SAMPLE_MAX - total.sample.length));
    etags.push(result.etag);
    indexes.push(result.index);
  }
  if (target !== undefined && dead.length === 0) {
    total.bytesOut += await completeOutput(task, target, etags, indexes, total.bytesOut);
  }
  const complete = dead.length === 0;
  return { complete, parts, ...total, dead, seconds: (Date.now() - startedAt) / 1000 };
}

/** Uploads the table that follows all parts and completes the upload; returns the size of the table. */
async function completeOutput(
  task: Task,
  target: RunTarget,
  etags: readonly string[],
  indexes: readonly PartResult["index"][],
  size: number,
): Promise<number> {
  const table = tableOf(task, indexes);
  const whole = size + table.length;
  if (await sizeAt(target.get) === whole) return table.length; // this run was completed, and its job is done again
  const all = [...etags];
  if (table.length > 0) {
    const response = await fetch(target.table, { method: "PUT", body: table });
    const etag = response.headers.get("etag") ?? "";
    await checked(response);
    all.push(etag);
  }
  await checked(await fetch(target.complete, { method: "POST", body: completeBody(all) }));
  const found = await sizeAt(target.get);
  if (found !== whole) throw new Error(`the output has ${found} bytes, expected ${whole}`);
  return table.length;
}

/** The seek table or index of the joined parts; empty for archives. */
function tableOf(task: Task, indexes: readonly PartResult["index"][]): Uint8Array<ArrayBuffer> {
  if (task.kind !== "recompress") return new Uint8Array();
  if (task.to === "lz4") {
    return joinLz4Indexes(indexes.map((index) => Lz4Index.fromBytes(Uint8Array.fromBase64(index as string))))
      .toSkippableFrame();
  }
  return joinZstdIndexes(
    indexes.map((frames) => ZstdSeekIndex.fromJSON({ format: "zstd-seek-index", version: 1, frames })),
  ).toBytes();
}

/** Bytes of an object; undefined where there is none. */
async function sizeAt(url: string): Promise<number | undefined> {
  const response = await fetch(url, { headers: { range: "bytes=0-0" } });
  await response.body?.cancel();
  const size = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  return response.ok && size !== undefined ? Number(size) : undefined;
}
