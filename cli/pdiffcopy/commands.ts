/**
 * The subcommands of `sluice pdiffcopy`, and what it does without one.
 */
import { printable } from "@sluice/internal";
import {
  buildPdiffIndex,
  copyByPdiffIndex,
  copyPdiffTree,
  formatPdiffDuration,
  formatPdiffSize,
  hashPdiffBlocks,
  PDIFF_BLOCK_SIZE,
  PDIFF_PORT,
  PdiffClient,
  PdiffIndex,
  servePdiff,
} from "@sluice/pdiffcopy";
import type { PdiffSyncResult, ServePdiffOptions } from "@sluice/pdiffcopy";
import { describeSystemError, EXIT, Failure, PDIFFCOPY_EXIT, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import { openSource } from "../shared/source.ts";
import { checkTarget, ProtectedFiles, writeOutput } from "../shared/target.ts";
import type { Messages } from "../shared/messages.ts";
import { readChoice } from "./filters.ts";
import type { PdiffcopySettings } from "./options.ts";
import { readServeConfig } from "./serve_config.ts";
import { attach } from "./ssh.ts";
import { clientOptions, interruptible, readCertificates, readNamed, readToken } from "./session.ts";

/** One subcommand: what it needs and does. */
export interface PdiffcopyCommand {
  readonly usage: string;
  run(settings: PdiffcopySettings, operands: readonly string[], messages: Messages): Promise<number>;
}

function expectOperands(operands: readonly string[], count: number, usage: string): void {
  if (operands.length !== count) throw new UsageFailure(`Expected "sluice pdiffcopy ${usage}"`);
}

/** Copies, or says what would be copied. */
export async function copyCommand(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const result = await interruptible(messages, async (signal) => {
    const client = new PdiffClient(await clientOptions(settings, messages, source!, target!, signal));
    messages.say(
      LEVEL.notes,
      `${settings.dryRun ? "comparing" : "copying"} ${client.source.label} to ${client.target.label}`,
    );
    return await client.synchronize();
  });
  messages.clearStatus();
  if (settings.json) console.log(JSON.stringify(result));
  report(result, settings, directionOf(source!, target!), messages);
  return settings.check && result.equal !== true ? PDIFFCOPY_EXIT.differs : EXIT.ok;
}

/** What a copy is called, and what it was called when it is over. */
function directionOf(source: string, target: string): readonly [verb: string, past: string] {
  const isUrl = (text: string): boolean => /^[a-z+]+:\/\//i.test(text);
  if (isUrl(source)) return ["download", "downloaded"];
  return isUrl(target) ? ["upload", "uploaded"] : ["copy", "copied"];
}

function report(
  result: PdiffSyncResult,
  settings: PdiffcopySettings,
  [verb, past]: readonly [verb: string, past: string],
  messages: Messages,
): void {
  const { blocksDiffering, bytesTransferred, similarity, seconds, dryRun, equal, size } = result;
  const blocks = `${blocksDiffering} ${blocksDiffering === 1 ? "block" : "blocks"}`;
  if (settings.delta) messages.say(LEVEL.results, `similarity ${similarity} %`);
  if (equal === true) {
    messages.say(LEVEL.results, `nothing to do, the files are equal (${formatPdiffDuration(seconds)})`);
  } else if (blocksDiffering === 0) {
    messages.say(
      LEVEL.results,
      `${dryRun ? "will give" : "gave"} the target its length of ${formatPdiffSize(size)}`,
    );
  } else if (dryRun) {
    messages.say(LEVEL.results, `will ${verb} ${blocks}, ${formatPdiffSize(bytesTransferred)}`);
  } else {
    const rate = formatPdiffSize(Math.round(bytesTransferred / Math.max(seconds, 0.001)));
    messages.say(
      LEVEL.results,
      `${past} ${blocks} (${formatPdiffSize(bytesTransferred)}) in ${
        formatPdiffDuration(seconds)
      } (${rate}/s)`,
    );
  }
  messages.say(
    LEVEL.notes,
    `network: ${formatPdiffSize(result.wireBytesIn)} in, ${formatPdiffSize(result.wireBytesOut)} out; ` +
      `blocks of ${formatPdiffSize(result.blockSize)} by ${result.hash}; protocol ${
        result.protocol || "none"
      }`,
  );
}

/** Host and port of `PORT`, `IP`, `IP:PORT` or `[IPv6]:PORT`. */
export function parseListen(text: string | undefined): { readonly hostname: string; readonly port: number } {
  if (text === undefined) return { hostname: "127.0.0.1", port: PDIFF_PORT };
  if (/^\d+$/.test(text)) return { hostname: "127.0.0.1", port: portOf(text) };
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(text);
  if (match === null) throw new UsageFailure(`Option --listen has the value "${text}", expected an address`);
  return { hostname: match[1]!, port: match[2] === undefined ? PDIFF_PORT : portOf(match[2]) };
}

function portOf(text: string): number {
  const port = Number(text);
  if (port > 65_535) throw new UsageFailure(`Option --listen names the port ${text}, expected at most 65535`);
  return port;
}

/** What a server is told by the command line, or by the file of `--config`. */
async function serveOptions(
  settings: PdiffcopySettings,
  attached: string | undefined,
): Promise<ServePdiffOptions> {
  if (settings.config !== undefined) {
    const { listen, options } = await readServeConfig(settings.config);
    return options.socket === undefined ? { ...parseListen(listen), ...options } : options;
  }
  const { socket } = settings;
  if (socket !== undefined && (settings.listen !== undefined || settings.cert !== undefined)) {
    throw new UsageFailure("Options --listen and --tls-cert have no effect with --socket");
  }
  const cert = await readNamed(settings.cert);
  const key = await readNamed(settings.key);
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageFailure("Options --tls-cert and --tls-key go together");
  }
  return {
    root: settings.root,
    writable: settings.writable,
    pathMode: settings.pathMode,
    v1: settings.v1,
    ...(socket === undefined ? parseListen(settings.listen) : { socket }),
    token: attached ?? await readToken(settings),
    durable: settings.fsync,
    ...(settings.hosts.length === 0 ? {} : { hosts: settings.hosts }),
    ...(settings.concurrency === undefined ? {} : { threads: settings.concurrency }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

/** Warns of a server that everybody may read. */
function warnOfOpen({ hostname, root, roots, token, tokens }: ServePdiffOptions, messages: Messages): void {
  const isOpen = hostname !== undefined && !["127.0.0.1", "[::1]", "localhost"].includes(hostname);
  if (!isOpen || token !== undefined || tokens !== undefined) return;
  const paths = root ?? Object.values(roots ?? {}).map(({ path }) => path).join(", ");
  messages.say(LEVEL.errors, `warning: everybody who reaches ${hostname} may read the files below ${paths}`);
}

/** Serves until a signal comes. */
async function serve(
  settings: PdiffcopySettings,
  operands: readonly string[],
  messages: Messages,
): Promise<number> {
  expectOperands(operands, 0, COMMANDS.serve!.usage);
  const attachment = settings.attached ? await attach() : undefined;
  const options = await serveOptions(settings, attachment?.secret);
  warnOfOpen(options, messages);
  return await interruptible(messages, async (signal) => {
    const server = servePdiff({ ...options, log: (line) => messages.say(LEVEL.notes, line) });
    const scheme = options.cert === undefined ? "http" : "https";
    const address = options.socket ?? `${scheme}://${options.hostname}:${server.port}`;
    if (attachment === undefined) messages.say(LEVEL.results, `listening on ${address}`);
    else attachment.ready();
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([stopped, ...(attachment === undefined ? [] : [attachment.gone])]);
    // What goes on may not end by itself.
    await Promise.race([server.shutdown(), new Promise((resolve) => setTimeout(resolve, 500))]);
    return EXIT.ok;
  });
}

async function hash(settings: PdiffcopySettings, operands: readonly string[]): Promise<number> {
  expectOperands(operands, 1, COMMANDS.hash!.usage);
  const [path] = operands;
  const options = { blockSize: settings.blockSize ?? PDIFF_BLOCK_SIZE, hash: settings.hash ?? "sha1" };
  for await (const { offset, digest } of hashPdiffBlocks(path!, options)) {
    console.log(`${offset}\t${digest.toHex()}`);
  }
  return EXIT.ok;
}

async function diff(
  settings: PdiffcopySettings,
  operands: readonly string[],
  messages: Messages,
): Promise<number> {
  expectOperands(operands, 2, COMMANDS.diff!.usage);
  const [source, target] = operands;
  const changes = await interruptible(messages, async (signal) => {
    return await new PdiffClient(await clientOptions(settings, messages, source!, target!, signal))
      .findChanges();
  });
  messages.clearStatus();
  if (settings.json) console.log(JSON.stringify(changes));
  else for (const { offset, length } of changes.ranges) console.log(`${offset}\t${length}`);
  const { size, targetSize, equal } = changes;
  if (targetSize === undefined) messages.say(LEVEL.results, `there is no ${target}`);
  else if (targetSize !== size) {
    messages.say(LEVEL.results, `${target} has ${targetSize} bytes, expected ${size}`);
  }
  return equal ? EXIT.ok : PDIFFCOPY_EXIT.differs;
}

async function caps(settings: PdiffcopySettings, operands: readonly string[]): Promise<number> {
  expectOperands(operands, 1, COMMANDS.caps!.usage);
  const address = operands[0]!;
  const token = await readToken(settings);
  const caCerts = await readCertificates(settings);
  using client = Deno.createHttpClient({ caCerts });
  let response: Response;
  try {
    response = await fetch(new URL("/v2/caps", address), {
      client,
      redirect: "manual",
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Failure(`Cannot reach ${address}: ${describeSystemError(reason)}`, PDIFFCOPY_EXIT.network);
  }
  const text = await response.text();
  if (response.ok) {
    console.log(text);
    return EXIT.ok;
  }
  if ([401, 403].includes(response.status)) {
    throw new Failure(
      `Cannot use ${address}: the server wants a token, or another one`,
      PDIFFCOPY_EXIT.permission,
    );
  }
  const reason = response.status === 404 ? "it speaks protocol 1 only" : `it answered ${response.status}`;
  throw new Failure(`Cannot ask ${address} what it can do: ${reason}`, PDIFFCOPY_EXIT.network);
}

/** Copies a directory. */
export async function treeCommand(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const { filters, files } = await readChoice(settings);
  const result = await interruptible(messages, async (signal) => {
    const { onProgress: _, shift: _s, seeds: _e, ...options } = await clientOptions(
      settings,
      messages,
      source!,
      target!,
      signal,
    );
    return await copyPdiffTree({
      ...options,
      compareContent: settings.checksum,
      delete: settings.deleteOthers,
      maxDelete: settings.maxDelete,
      times: settings.times,
      permissions: settings.permissions,
      filters,
      deleteExcluded: settings.deleteExcluded,
      ...(files === undefined ? {} : { files, recursive: settings.everything }),
      archive: settings.archive,
      onEntry: (action, path) => messages.say(LEVEL.notes, `${action} ${printable(path)}`),
    });
  });
  if (settings.json) console.log(JSON.stringify(result));
  const { filesCopied, bytesTransferred, deleted, faults, equal } = result;
  for (const { path, message } of faults) {
    messages.say(LEVEL.errors, `${path === "" ? source : printable(path)}: ${printable(message)}`);
  }
  const [copied, removed] = settings.dryRun ? ["would copy", "would remove"] : ["copied", "removed"];
  messages.say(
    LEVEL.results,
    `${copied} ${filesCopied} of ${result.files} files (${formatPdiffSize(bytesTransferred)}), ` +
      `${removed} ${deleted} ${deleted === 1 ? "name" : "names"}`,
  );
  if (settings.check && !equal && faults.length === 0 && filesCopied + deleted === 0) {
    messages.say(LEVEL.results, "directories, links, permissions, times or attributes differ");
  }
  if (faults.length > 0) {
    messages.say(
      LEVEL.errors,
      `${faults.length} ${faults.length === 1 ? "name was" : "names were"} not copied as a whole`,
    );
    return PDIFFCOPY_EXIT.partly;
  }
  return settings.check && !equal ? PDIFFCOPY_EXIT.differs : EXIT.ok;
}

/** Writes the index of a file beside it. */
async function index(
  settings: PdiffcopySettings,
  operands: readonly string[],
  messages: Messages,
): Promise<number> {
  expectOperands(operands, 1, COMMANDS.index!.usage);
  const [path] = operands;
  const output = settings.output ?? `${path}.pdx`;
  const files = await ProtectedFiles.of([path]);
  const target = {
    command: "pdiffcopy",
    force: settings.force,
    messages,
    files,
    exitCode: PDIFFCOPY_EXIT.target,
  };
  await checkTarget(output, target);
  const bytes = await interruptible(messages, async (signal) => {
    const source = await openSource(path!);
    using open = new DisposableStack();
    open.defer(() => source[Symbol.dispose]?.());
    return await buildPdiffIndex(source, {
      kind: settings.chunks ? "chunks" : "blocks",
      blockSize: settings.blockSize,
      threads: settings.concurrency,
      signal,
    });
  });
  await writeOutput(output, [bytes], target);
  messages.say(
    LEVEL.results,
    `${output}: ${formatPdiffSize(bytes.length)}, ${PdiffIndex.parse(bytes).count} blocks`,
  );
  return EXIT.ok;
}

/** Copies from a plain web server. */
export async function indexCopyCommand(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const started = performance.now();
  const isUrl = (text: string): boolean => /^https?:\/\//.test(text);
  const result = await interruptible(messages, async (signal) => {
    const named = settings.index!;
    const bytes = isUrl(named) ? await fetchIndex(named, signal) : await Deno.readFile(named);
    const found = PdiffIndex.parse(bytes);
    const { store } = settings;
    // Opened by the copy: a path, or a URL that is read by ranges.
    const sources = store === undefined ? [source!] : [];
    return await copyByPdiffIndex({
      index: found,
      sources,
      target: target!,
      seeds: settings.seeds,
      replace: settings.replace,
      durable: settings.fsync,
      dryRun: settings.dryRun,
      retries: settings.retries,
      signal,
      ...(store === undefined ? {} : { store }),
      ...(settings.concurrency === undefined ? {} : { concurrency: settings.concurrency }),
      ...(settings.bandwidth === undefined ? {} : { maxBytesPerSecond: settings.bandwidth }),
    });
  });
  if (settings.json) console.log(JSON.stringify(result));
  const seconds = formatPdiffDuration((performance.now() - started) / 1000);
  messages.say(
    LEVEL.results,
    `${settings.dryRun ? "will fetch" : "fetched"} ${formatPdiffSize(result.bytesFetched)} of ${
      formatPdiffSize(result.size)
    } (${seconds})`,
  );
  return settings.check && !result.equal ? PDIFFCOPY_EXIT.differs : EXIT.ok;
}

async function fetchIndex(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { signal }).catch((error) => {
    signal.throwIfAborted();
    throw new Failure(`Cannot reach ${url}: ${describeSystemError(error)}`, PDIFFCOPY_EXIT.network);
  });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  await response.body?.cancel();
  throw new Failure(`Cannot read ${url}: the server answered ${response.status}`, PDIFFCOPY_EXIT.network);
}

/** Every subcommand. */
export const COMMANDS: Readonly<Record<string, PdiffcopyCommand>> = {
  serve: { usage: "serve [--config FILE] [-l ADDRESS] [--root DIRECTORY] [--writable]", run: serve },
  diff: { usage: "diff SOURCE TARGET", run: diff },
  hash: { usage: "hash FILE [-b BYTES] [-m NAME]", run: hash },
  index: { usage: "index FILE [-o INDEX] [-b BYTES] [--chunks]", run: index },
  caps: { usage: "caps URL", run: caps },
};
