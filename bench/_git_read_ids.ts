/**
 * A process that reads objects in batches, for its memory to be measured.
 *
 *   deno run -A bench/_git_read_ids.ts REPOSITORY FILE-OF-IDS native|wasm
 */
import { GitObjectId } from "@sluice/gitdb";
import { readBatches } from "./_git_readers.ts";

const [repository, list, backend] = Deno.args as [string, string, "native" | "wasm"];
const lines = (await Deno.readTextFile(list)).trim().split("\n");
await readBatches(repository, lines.map((line) => GitObjectId.from(Uint8Array.fromHex(line))), backend, 1);
