/**
 * A process that reads objects in batches, for its memory to be measured.
 *
 *   deno run -A bench/_git_read_ids.ts REPOSITORY FILE-OF-IDS native|wasm
 */
import { GitObjectId } from "@sluice/gitdb";
import { readBatches } from "./_git_readers.ts";

const [repository, list, backend] = Deno.args as [string, string, "native" | "wasm"];
const text = await Deno.readTextFile(list);
const bytes = Uint8Array.fromHex(text.replaceAll("\n", ""));
const ids = Array.from(
  { length: bytes.length / 20 },
  (_, i) => GitObjectId.from(bytes.subarray(20 * i, 20 * i + 20)),
);
await readBatches(repository, ids, backend, 1);
