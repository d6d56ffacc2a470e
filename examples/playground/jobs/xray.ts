/**
 * A compressed file as its parts, with damage where it is.
 */
import { CODECS } from "./formats.ts";
import { formatOf } from "./identify.ts";
import { lz4Regions } from "./lz4_regions.ts";
import type { Job, Region } from "./messages.ts";
import { packRegions } from "./pack_regions.ts";
import { chunksOf } from "./streams.ts";
import { zpaqRegions } from "./zpaq_regions.ts";
import { zstdRegions } from "./zstd_regions.ts";

const WALKS = { zstd: zstdRegions, lz4: lz4Regions, zpaq: zpaqRegions, "git pack": packRegions } as const;
const BATCH = 500;
/** What a page can show. */
const REGIONS_MAX = 20_000;

function faultOf(error: unknown): { fault: string; offset: number | undefined } {
  if (!(error instanceof Error)) throw error;
  const offset = "offset" in error && typeof error.offset === "number" ? error.offset : undefined;
  return { fault: error.message, offset };
}

/** Lists the parts of a file as far as they make sense, then decodes all of it. */
export const xray: Job<"xray"> = async function* ({ file }) {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const format = formatOf(head);
  if (format === undefined) throw new Error("This file is in no format that is known here");
  let batch: Region[] = [];
  let count = 0;
  try {
    for await (const region of WALKS[format](file)) {
      if (count++ === REGIONS_MAX) {
        yield { listedTo: region.offset };
        break;
      }
      batch.push(region);
      if (batch.length === BATCH) {
        yield { regions: batch };
        batch = [];
      }
    }
  } catch (error) {
    yield { regions: batch };
    batch = [];
    yield faultOf(error);
    return;
  }
  yield { regions: batch };
  let size = 0;
  try {
    for await (const chunk of chunksOf(file.stream().pipeThrough(CODECS[format].decompress()))) {
      size += chunk.length;
    }
  } catch (error) {
    yield faultOf(error);
    return;
  }
  yield { verified: size };
};
