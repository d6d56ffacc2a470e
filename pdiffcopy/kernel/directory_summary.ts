/**
 * The kernel of summaries: what directories hold in few bytes, so that two sides tell equal ones without listing them. Linux
 * only, on the native backend only.
 *
 * @module
 */
import { toHex } from "@sluice/internal";
import { DIRECTORY_SUMMARY } from "./_abi/pdiffcopy_file.gen.ts";
import type { FileAnswer, NativeFile } from "./file.ts";
import { readNameRecords } from "./names.ts";
import type { NameFacts } from "./names.ts";
import { encodePath } from "./path_text.ts";

/** What a directory holds. */
export interface DirectorySummary {
  /** Directories in it, in the system's order. */
  readonly directories: NameFacts[];
  /** How many regular files it has. */
  readonly files: number;
  /** The same for directories that are alike apart from the directories in them; undefined where their names tell more. */
  readonly digest: string | undefined;
}

const HEAD_SIZE = 4 * DIRECTORY_SUMMARY.LENGTH;
const OUTPUT_SIZE = 1 << 20;
/** Room for a directory with 800,000 names. */
const OUTPUT_SIZE_MAX = 64 << 20;
/** A buffer that no call uses: clearing a new one takes longer than filling it. */
let spare: Uint8Array<ArrayBuffer> | undefined;

/**
 * Summarizes directories below an open one, from the first on as many as fit one call: each, or the system's number. None
 * where the first one alone has too many names.
 */
export async function summarizeManyNames(
  directory: NativeFile,
  names: readonly string[],
  attributes: boolean,
): Promise<(DirectorySummary | number)[] | FileAnswer> {
  const wanted = encodePath(names.map((name) => `${name}\0`).join(""));
  const usual = spare ?? new Uint8Array(OUTPUT_SIZE);
  spare = undefined;
  try {
    for (let output = usual;; output = new Uint8Array(output.length * 8)) {
      const answer = await directory.useAsync((functions, handle, step) =>
        functions.sluice_pdiffcopy_names_summarize_many_async(
          handle,
          wanted,
          0,
          wanted.length,
          attributes ? 1 : 0,
          output,
          0,
          output.length,
          step,
        )
      );
      if (answer.result < 0) return answer;
      const isFull = answer.produced === 0 && wanted.length > 0;
      if (!isFull || output.length >= OUTPUT_SIZE_MAX) {
        return readSummaries(output.subarray(0, answer.produced), attributes);
      }
    }
  } finally {
    spare = usual;
  }
}

function readSummaries(bytes: Uint8Array<ArrayBuffer>, attributes: boolean): (DirectorySummary | number)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: (DirectorySummary | number)[] = [];
  for (let at = 0; at < bytes.length;) {
    const field = (index: number): number => view.getUint32(at + 4 * index, true);
    const [errno, files] = [field(DIRECTORY_SUMMARY.ERRNO), field(DIRECTORY_SUMMARY.FILES)];
    const end = at + HEAD_SIZE + field(DIRECTORY_SUMMARY.SIZE);
    const digest = field(DIRECTORY_SUMMARY.IS_WHOLE) === 1
      ? toHex(bytes.subarray(at + 4 * DIRECTORY_SUMMARY.DIGEST, at + HEAD_SIZE))
      : undefined;
    const directories = readNameRecords(bytes.subarray(at + HEAD_SIZE, end), attributes);
    found.push(errno === 0 ? { directories, files, digest } : errno);
    at = end;
  }
  return found;
}
