/**
 * `sluice lz4 get` and `resume`: decompress a URL or file into a file, also after broken connections and kills.
 */
import { SluiceError } from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";
import { downloadLz4 } from "@sluice/lz4/download";
import type { Lz4DownloadResult } from "@sluice/lz4/download";
import {
  describeSystemError,
  EXIT,
  exitCodeOf,
  Failure,
  UsageFailure,
  writeFailure,
} from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { lastPartIndex } from "../shared/paths.ts";
import { isProgressVisible, TransferProgress } from "../shared/progress.ts";
import { isUrl } from "../shared/source.ts";
import { checkTarget, ProtectedFiles } from "../shared/target.ts";
import { keyHint, readCipher } from "./decryption.ts";
import { httpOptionsOf } from "./source.ts";
import type { SourceSettings } from "./source.ts";

/** What a run is asked for. */
export interface DownloadRequest extends SourceSettings {
  /** A file or URL. */
  readonly source: string;
  readonly output: string | undefined;
  readonly state: string | undefined;
  readonly every: number | undefined;
  readonly dictionary: string | undefined;
  readonly force: boolean;
  readonly messages: Messages;
}

/** What was compared with the content, for people. */
const VERIFIED: Readonly<Record<Lz4DownloadResult["verified"], string>> = {
  content: "content checksum verified",
  blocks: "block checksums verified",
  some: "only some frames have checksums, which were verified",
  nothing: "nothing verified: the file has no checksums",
};

/** Faults of the state and of the files around it. */
const NOT_OF_DATA: ReadonlySet<SluiceErrorCode> = new Set([
  "STATE_INVALID",
  "SOURCE_CHANGED",
  "TARGET_CHANGED",
  "LOCKED",
]);

/** Runs the command; returns its exit code. */
export async function download(request: DownloadRequest): Promise<number> {
  const { source, messages, every } = request;
  const output = request.output ?? outputName(source);
  const state = request.state ?? `${output}.s4ck`;
  const cipher = await readCipher(request);
  const http = httpOptionsOf(source, request);
  await checkTargets(request, output, state);
  const progress = new TransferProgress(messages, isProgressVisible(), output);
  const result = await downloadLz4(source, output, {
    state,
    every,
    ...cipher,
    dictionary: request.dictionary === undefined ? undefined : await Deno.readFile(request.dictionary),
    overwrite: request.force,
    http,
    onProgress: ({ bytesIn, total }) => progress.update(bytesIn, total),
  }).catch((error) => {
    throw failureOf(error, request, output);
  });
  const resumed = result.resumedFrom === 0 ? "" : `, resumed at ${result.resumedFrom}`;
  messages.say(LEVEL.results, `${output}: ${result.size} bytes${resumed}, ${VERIFIED[result.verified]}`);
  return EXIT.ok;
}

/** What a run that failed says: the source's faults name the source, the system's the output. */
function failureOf(error: unknown, request: DownloadRequest, output: string): unknown {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
    return new Failure(`lz4: ${describeSystemError(error)}`);
  }
  if (!(error instanceof SluiceError)) return writeFailure("lz4", output, error);
  const { source } = request;
  const name = isUrl(source) ? new URL(source).pathname : source;
  const code = NOT_OF_DATA.has(error.code) ? EXIT.failure : exitCodeOf(error);
  return new Failure(`lz4: ${name}: ${error.message} (${error.code})${keyHint(request, error)}`, code);
}

async function checkTargets(request: DownloadRequest, output: string, state: string): Promise<void> {
  const { source, messages, force } = request;
  const files = await ProtectedFiles.of([
    isUrl(source) ? undefined : source,
    request.dictionary,
    request.keyFile,
  ]);
  const options = { command: "lz4", force, messages, files };
  const started = await Deno.lstat(state).then(() => true, () => false);
  await checkTarget(output, options);
  await checkTarget(`${output}.s4part`, { ...options, force: force || started });
  await checkTarget(state, { ...options, force: true });
}

/** The name of the output: the source's without its suffix. */
function outputName(source: string): string {
  const path = isUrl(source) ? new URL(source).pathname : source;
  const name = path.slice(lastPartIndex(path));
  if (name.endsWith(".lz4") && name.length > ".lz4".length) return name.slice(0, -".lz4".length);
  throw new UsageFailure(`The name "${name}" does not end in .lz4: name the output with -o`);
}
