/**
 * What commands of `sluice pdiffcopy` have in common: options of copies, signals, and exit codes by failure.
 */
import { SluiceError } from "@sluice/internal";
import type { PdiffClientOptions, PdiffCopyProgress } from "@sluice/pdiffcopy/client";
import { formatPdiffSize } from "@sluice/pdiffcopy/sizes";
import { describeSystemError, EXIT, exitCodeOf, Failure, PDIFFCOPY_EXIT } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { isProgressVisible } from "../shared/progress.ts";
import type { PdiffcopySettings } from "./options.ts";

/** The failure that a user reads for whatever a copy threw. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const mixed = error instanceof Error && Object.hasOwn(error, "targetIsMixed");
  const note = mixed ? "\nThe target is incomplete; run the same command again to complete it." : "";
  if (error instanceof SluiceError) {
    return new Failure(`${error.message}${note}`, exitCodeOf(error));
  }
  return new Failure(`${describeSystemError(error)}${note}`, EXIT.failure);
}

const SIGNALS: readonly (readonly [Deno.Signal, number])[] = Deno.build.os === "windows"
  ? [["SIGINT", 130]]
  : [["SIGINT", 130], ["SIGTERM", 143]];

/** Runs work that signals end: the first asks it to stop in good order, the second ends the process at once. */
export async function interruptible<T>(
  messages: Messages,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let code = 0;
  const listeners = SIGNALS.map(([name, exitCode]) => {
    const listener = (): void => {
      if (code !== 0) Deno.exit(exitCode);
      code = exitCode;
      controller.abort(new Failure("Interrupted", exitCode));
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  try {
    return await work(controller.signal);
  } catch (error) {
    messages.clearStatus();
    if (code === 0) throw asFailure(error);
    const mixed = error instanceof Error && Object.hasOwn(error, "targetIsMixed");
    if (mixed) {
      throw new Failure(
        "Interrupted; the target is incomplete, run the same command again",
        PDIFFCOPY_EXIT.dirty,
      );
    }
    throw new Failure("Interrupted; the target is as it was", code);
  } finally {
    for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Failure(`Cannot read ${path}: ${describeSystemError(error)}`);
  }
}

/** The secret that requests bring; undefined where there is none. */
export async function readToken(settings: PdiffcopySettings): Promise<string | undefined> {
  if (settings.secret !== undefined) return settings.secret;
  const path = settings.tokenFile;
  const token = path === undefined ? Deno.env.get("PDIFFCOPY_TOKEN") : (await readText(path)).trim();
  // Without a secret a server answers everybody: that has to be asked for by naming none.
  if (token === "") throw new Failure(`The token of ${path ?? "PDIFFCOPY_TOKEN"} is empty`);
  return token;
}

/** Certificates that are trusted beside the usual ones. */
export async function readCertificates(settings: PdiffcopySettings): Promise<string[]> {
  return await Promise.all(settings.ca.map(readText));
}

/** Text of a file that an option names. */
export async function readNamed(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : await readText(path);
}

/** What a copy is told by the command line. */
export async function clientOptions(
  settings: PdiffcopySettings,
  messages: Messages,
  source: string,
  target: string,
  signal: AbortSignal,
): Promise<PdiffClientOptions> {
  const token = await readToken(settings);
  const caCerts = await readCertificates(settings);
  return {
    source,
    target,
    delta: settings.delta,
    dryRun: settings.dryRun,
    replace: settings.replace,
    durable: settings.fsync,
    rehash: settings.verify,
    verifyWritten: settings.verifyWritten,
    compressionLevel: settings.compressionLevel,
    literalPaths: settings.literalPaths,
    shift: settings.shift,
    ...(settings.seeds.length === 0 ? {} : { seeds: settings.seeds }),
    allowDirty: settings.allowDirty,
    blockSize: settings.blockSize,
    hash: settings.hash,
    concurrency: settings.concurrency,
    protocol: settings.protocol,
    retries: settings.retries,
    maxBytesPerSecond: settings.bandwidth,
    token,
    signal,
    ...(settings.stallTimeout === undefined ? {} : { stallTimeoutMs: settings.stallTimeout * 1000 }),
    ...(caCerts.length === 0 ? {} : { caCerts }),
    log: (text) => messages.say(LEVEL.notes, text),
    ...progressOption(settings, messages),
  };
}

/** What may come of a copy that is only tried. */
interface MayBeRefused {
  readonly refusal?: SluiceError | undefined;
}

/** A result in JSON. */
export function resultText<T extends MayBeRefused>(result: T): string {
  const { refusal, ...rest } = result;
  return JSON.stringify(
    refusal === undefined ? rest : { ...rest, refusal: { code: refusal.code, message: refusal.message } },
  );
}

/** Fails where the copy would be refused that was tried. `--check` alone compares, also with servers that are read-only. */
export function checkRefusal(
  { refusal }: MayBeRefused,
  { check, deleteOthers }: PdiffcopySettings,
  messages: Messages,
): void {
  if (refusal === undefined) return;
  if (!check || deleteOthers) throw refusal;
  messages.say(LEVEL.notes, refusal.message);
}

function progressOption(
  settings: PdiffcopySettings,
  messages: Messages,
): { onProgress?: (progress: PdiffCopyProgress) => void } {
  if (settings.progress === "json") {
    return { onProgress: (progress) => messages.say(LEVEL.errors, JSON.stringify(progress)) };
  }
  if (settings.progress === "none" || messages.level < LEVEL.results || !isProgressVisible()) return {};
  return {
    onProgress({ phase, bytesIn, total, seconds }): void {
      const percent = total === 0 ? 100 : bytesIn / total * 100;
      const rate = seconds === 0 ? 0 : bytesIn / seconds;
      messages.status(
        `${phase} ${percent.toFixed(2)}% of ${formatPdiffSize(total)} (${
          formatPdiffSize(Math.round(rate))
        }/s)`,
      );
    },
  };
}
