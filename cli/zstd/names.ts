/**
 * Names of outputs.
 */
import { lastPartIndex } from "../shared/paths.ts";
import type { ZstdSettings } from "./settings.ts";

/** What decompression makes of a name's end. */
const SUFFIXES: readonly { readonly compressed: string; readonly plain: string }[] = [
  { compressed: ".zst", plain: "" },
  { compressed: ".tzst", plain: ".tar" },
  { compressed: ".zstd", plain: "" },
];

/** Ends of names whose content is compressed already. */
const COMPRESSED_SUFFIXES: ReadonlySet<string> = new Set(
  ("zst tzst zstd gz tgz lzma xz txz lz4 tlz4 bz2 tbz2 7z zip rar br lz lzo zpaq jpg jpeg png gif webp mp3 mp4 mkv webm " +
    "ogg flac woff2 docx xlsx pptx epub jar apk deb rpm").split(" "),
);

/** Whether a name says that its file is compressed. */
export function hasCompressedName(name: string): boolean {
  return COMPRESSED_SUFFIXES.has(/\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "");
}

/** The name of a decompressed file; undefined if the suffix is not known. */
function plainName(name: string): string | undefined {
  const suffix = SUFFIXES.find(({ compressed }) => name.endsWith(compressed));
  if (suffix === undefined) return undefined;
  const stem = name.slice(0, name.length - suffix.compressed.length);
  return stem === "" || stem.endsWith("/") ? undefined : stem + suffix.plain;
}

/** Why there is no name for an output. */
export function missingNameReason(name: string): string {
  return `zstd: ${name}: unknown suffix (${
    SUFFIXES.map(({ compressed }) => compressed).join("/")
  } expected). ` +
    `Can't derive the output file name. Specify it with -o dstFileName. Ignoring.`;
}

/** Where the output for an input goes; undefined if that can't be told from its name. */
export function outputPath(name: string, settings: ZstdSettings): string | undefined {
  const file = settings.mode === "compress" ? `${name}.zst` : plainName(name);
  if (file === undefined || settings.outputDirectory === undefined) return file;
  const directory = settings.outputDirectory.replace(/(?<=.)\/+$/, "");
  if (!settings.mirror) return `${directory}/${file.slice(lastPartIndex(file))}`;
  const parts = file.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") ? undefined : [directory, ...parts].join("/");
}
