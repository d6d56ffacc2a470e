/**
 * `sluice pdiffcopy serve`.
 */
import { PDIFF_PORT, servePdiff } from "@sluice/pdiffcopy/server";
import type { ServePdiffOptions } from "@sluice/pdiffcopy/server";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import type { PdiffcopySettings } from "./options.ts";
import { readServeConfig } from "./serve_config.ts";
import { interruptible, readNamed, readToken } from "./session.ts";
import { attach } from "./ssh.ts";

/** Host and port of `PORT`, `IP`, `IP:PORT` or `[IPv6]:PORT`. */
function parseListen(text: string | undefined): { readonly hostname: string; readonly port: number } {
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
export async function serve(
  settings: PdiffcopySettings,
  _operands: readonly string[],
  messages: Messages,
): Promise<number> {
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
