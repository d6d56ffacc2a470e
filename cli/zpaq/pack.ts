/**
 * `sluice zpaq pack`: archives compressed by LZ4, DEFLATE or Zstandard that carry their decoder.
 */
import { packZpaqFiles } from "@sluice/zpaq/pack";
import type { ZpaqCodec, ZpaqPackFile } from "@sluice/zpaq/pack";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { collectInputs } from "../shared/inputs.ts";
import type { Input } from "../shared/inputs.ts";
import { LEVEL, Messages } from "../shared/messages.ts";
import { formatOptions, parseOptions } from "../shared/options.ts";
import type { OptionGroup } from "../shared/options.ts";
import { ProtectedFiles, writeOutput } from "../shared/target.ts";

const CODECS: readonly ZpaqCodec[] = ["lz4", "deflate", "zstd"];

interface Settings {
  codec: ZpaqCodec;
  level: number | undefined;
  checksum: boolean;
  force: boolean;
  quiet: boolean;
  help: boolean;
}

/** The options of `sluice zpaq pack`. */
export const PACK_OPTIONS: readonly OptionGroup<Settings>[] = [{
  title: "Options",
  rows: [
    {
      long: ["codec"],
      value: "next",
      valueName: "NAME",
      help: "lz4, deflate or zstd, the default",
      set: (s, value) => {
        const codec = CODECS.find((name) => name === value);
        if (codec === undefined) throw new UsageFailure(`"${value}" is no codec: ${CODECS.join(", ")}`);
        s.codec = codec;
      },
    },
    {
      short: "l",
      long: ["level"],
      value: "next",
      valueName: "N",
      help: "The codec's level; DEFLATE has none",
      set: (s, value) => {
        if (!/^-?\d+$/.test(value)) throw new UsageFailure(`"${value}" is no level`);
        s.level = Number(value);
      },
    },
    { long: ["no-checksum"], help: "Leave out the SHA-1 of the files", set: (s) => s.checksum = false },
    { short: "f", long: ["force"], help: "Overwrite an existing archive", set: (s) => s.force = true },
    { short: "q", long: ["quiet"], help: "Print nothing but errors", set: (s) => s.quiet = true },
    { short: "h", long: ["help"], help: "This text", set: (s) => s.help = true },
  ],
}];

const USAGE = `Packs files into an archive that carries its decoder; any zpaq extracts it.

Usage: sluice zpaq pack [OPTIONS...] ARCHIVE FILE...    "-" for stdout and stdin

`;

/** Runs the command; returns its exit code. */
export async function packCommand(args: readonly string[]): Promise<number> {
  const settings: Settings = {
    codec: "zstd",
    level: undefined,
    checksum: true,
    force: false,
    quiet: false,
    help: false,
  };
  const [archive, ...operands] = parseOptions(PACK_OPTIONS, args, settings);
  if (settings.help) {
    console.log(USAGE + formatOptions(PACK_OPTIONS).trimEnd());
    return EXIT.ok;
  }
  if (archive === undefined || operands.length === 0) {
    throw new UsageFailure("zpaq pack needs an archive and files");
  }
  const messages = new Messages(settings.quiet || archive === "-" ? LEVEL.errors : LEVEL.results);
  const { inputs, failed } = await collectInputs(operands, {
    command: "zpaq pack",
    recursive: true,
    force: false,
    fileLists: [],
    messages,
  });
  if (inputs.length === 0) return EXIT.failure;
  const { codec, level, checksum, force } = settings;
  const counts = { from: 0, to: 0 };
  const blocks = packZpaqFiles(files(inputs, counts), { codec, level, contentChecksum: checksum });
  await writeOutput(archive, counted(blocks, counts), {
    command: "zpaq pack",
    force,
    messages,
    files: await ProtectedFiles.of(inputs.map(({ path }) => path)),
  });
  messages.say(LEVEL.results, `${counts.from} -> ${counts.to}`);
  return failed > 0 ? EXIT.failure : EXIT.ok;
}

async function* files(inputs: readonly Input[], counts: { from: number }): AsyncGenerator<ZpaqPackFile> {
  for (const { path, info } of inputs) {
    if (path === undefined) yield { body: Deno.stdin.readable };
    else {
      const size = info?.size ?? (await Deno.stat(path)).size;
      counts.from += size;
      using file = await Deno.open(path);
      yield { filename: path, comment: `${size}`, body: file.readable };
    }
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  counts: { to: number },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of chunks) {
    counts.to += chunk.length;
    yield chunk;
  }
}
