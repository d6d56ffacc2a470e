/**
 * Fills `vendor/{zstd,lz4,libdeflate}` with the C sources pinned in `sources.json`.
 *
 * Every file is checked against its sha256 after unpacking; the first provider whose files all match wins:
 * the folder as it is, `SLUICE_VENDOR_DIR` (archives or unpacked trees), the upstream release over HTTPS,
 * Debian's source packages through a private apt state. Run: `deno run -A vendor/fetch.ts`.
 */
import { runZig } from "../_tools/zig.ts";
import sources from "./sources.json" with { type: "json" };

/** One pinned codec: where its files come from and what each must hash to. */
interface Source {
  readonly name: string;
  readonly version: string;
  /** Folder inside the archive that holds the pinned files. */
  readonly root: string;
  readonly upstream: string;
  readonly debian: { readonly package: string; readonly archive: string };
  /** Faults of this version that are mended after the files have been verified. */
  readonly patches?: readonly Patch[];
  /** sha256 in hex by path below `root`. */
  readonly files: Readonly<Record<string, string>>;
}

/** One fault of a pinned file: the only place of `find` becomes `replace`. */
interface Patch {
  readonly file: string;
  readonly why: string;
  readonly find: string;
  readonly replace: string;
  /** sha256 in hex of the file afterwards. */
  readonly sha256: string;
}

/** A place that may hold a source: returns a folder to try, or undefined when it has nothing. */
interface Provider {
  readonly name: string;
  provide(source: Source): Promise<string | undefined>;
}

const HERE = new URL(".", import.meta.url).pathname;
const WORK = new URL("../.vendor/", import.meta.url).pathname;
const UPSTREAM_TIMEOUT_MS = 5_000;

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(digest).toHex();
}

/** What each file hashes to after its patch. */
function patchedFiles(source: Source): Readonly<Record<string, string>> {
  const patched = (source.patches ?? []).map(({ file, sha256 }) => [file, sha256]);
  return { ...source.files, ...Object.fromEntries(patched) };
}

/** Mends the faults of a source in its staged folder. */
async function patch(source: Source, folder: string): Promise<void> {
  for (const { file, find, replace } of source.patches ?? []) {
    const text = await Deno.readTextFile(`${folder}/${file}`);
    if (text.split(find).length !== 2) throw new Error(`${file}: its patch does not apply`);
    await Deno.writeTextFile(`${folder}/${file}`, text.replace(find, () => replace));
  }
}

/** The first of these files that is missing or differs below `folder`, or undefined when all match. */
async function firstMismatch(
  files: Readonly<Record<string, string>>,
  folder: string,
): Promise<string | undefined> {
  for (const [path, expected] of Object.entries(files)) {
    const info = await Deno.lstat(`${folder}/${path}`).catch(() => undefined);
    if (info === undefined) return `${path} is missing`;
    if (!info.isFile) return `${path} is not a regular file`;
    if (await sha256(`${folder}/${path}`) !== expected) return `${path} has another sha256`;
  }
  return undefined;
}

/** Unpacks an archive (.tar.gz or .tar.xz; Zig reads both) and returns the folder with its files. */
async function unpack(archive: string): Promise<string> {
  const folder = `${WORK}unpack`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/build.zig`, ""); // zig fetch unpacks beside a build.zig
  const { success, stdout } = await runZig(["fetch", archive], folder);
  if (!success) throw new Error(`Cannot unpack ${archive}`);
  return `${folder}/zig-pkg/${stdout.trim()}`;
}

const local: Provider = {
  name: "SLUICE_VENDOR_DIR",
  async provide(source) {
    const folder = Deno.env.get("SLUICE_VENDOR_DIR");
    if (folder === undefined || folder === "") return undefined;
    for (const archive of [source.debian.archive, source.upstream.split("/").at(-1)!]) {
      if (await exists(`${folder}/${archive}`)) {
        return `${await unpack(`${folder}/${archive}`)}/${source.root}`;
      }
    }
    const tree = `${folder}/${source.name}`;
    return await exists(tree) ? tree : undefined;
  },
};

const upstream: Provider = {
  name: "upstream release",
  async provide(source) {
    const response = await fetch(source.upstream, { signal: AbortSignal.timeout(UPSTREAM_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const archive = `${WORK}${source.upstream.split("/").at(-1)}`;
    await Deno.writeFile(archive, await response.bytes());
    return `${await unpack(archive)}/${source.root}`;
  },
};

/** The first non-security archive address of this machine's own apt sources. */
async function debianAddress(): Promise<string> {
  const override = Deno.env.get("SLUICE_DEBIAN_URI");
  if (override !== undefined && override !== "") return override;
  const files = ["/etc/apt/sources.list"];
  try {
    for await (const entry of Deno.readDir("/etc/apt/sources.list.d")) {
      files.push(`/etc/apt/sources.list.d/${entry.name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const file of files.sort()) {
    const text = await Deno.readTextFile(file).catch(() => "");
    for (const line of text.split("\n")) {
      const address = /^(?:URIs:|deb\s+(?:\[[^\]]*\]\s+)?)\s*(https?:\S+\/debian\/?)(?:\s|$)/.exec(line)?.[1];
      if (address !== undefined) return address;
    }
  }
  throw new Error("no Debian archive is configured in /etc/apt");
}

async function apt(options: readonly string[], args: readonly string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("apt-get", { args: [...options, ...args], cwd })
    .output();
  if (!success) throw new Error(`apt-get ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
}

let preparedApt: Promise<string[]> | undefined;

/** The options of an apt with a state of its own, whose lists are fresh; made once. */
async function prepareApt(): Promise<string[]> {
  const state = `${WORK}apt`;
  for (const folder of ["lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d"]) {
    await Deno.mkdir(`${state}/${folder}`, { recursive: true });
  }
  await Deno.writeTextFile(`${state}/status`, "");
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  await Deno.writeTextFile(
    `${state}/etc/sources.list`,
    `deb-src [signed-by=${keyring}] ${await debianAddress()} trixie main\n`,
  );
  const user = new TextDecoder().decode((await new Deno.Command("id", { args: ["-un"] }).output()).stdout)
    .trim();
  const options = Object.entries({
    "Dir::Etc": `${state}/etc`,
    "Dir::Etc::sourcelist": `${state}/etc/sources.list`,
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State": state,
    "Dir::State::lists": `${state}/lists`,
    "Dir::State::status": `${state}/status`,
    "Dir::Cache": `${state}/cache`,
    "APT::Sandbox::User": user,
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
    "Acquire::http::Timeout": "20",
    "Debug::NoLocking": "1",
  }).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  await apt(options, ["update"], WORK);
  return options;
}

const debian: Provider = {
  name: "Debian source packages",
  async provide(source) {
    const options = await (preparedApt ??= prepareApt());
    await apt(options, ["source", "--download-only", "--tar-only", source.debian.package], WORK);
    return `${await unpack(`${WORK}${source.debian.archive}`)}/${source.root}`;
  },
};

/** Copies exactly the pinned files into a fresh folder, mends what is known of them, and renames it into place. */
async function install(source: Source, from: string): Promise<void> {
  const staged = `${WORK}staged-${source.name}`;
  await Deno.remove(staged, { recursive: true }).catch(() => {});
  for (const path of Object.keys(source.files)) {
    const target = `${staged}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(`${from}/${path}`, target);
    await Deno.chmod(target, 0o644);
  }
  const mismatch = await firstMismatch(source.files, staged);
  if (mismatch !== undefined) throw new Error(mismatch);
  await patch(source, staged);
  const unpatched = await firstMismatch(patchedFiles(source), staged);
  if (unpatched !== undefined) throw new Error(`after its patch ${unpatched}`);
  await Deno.remove(`${HERE}${source.name}`, { recursive: true }).catch(() => {});
  await Deno.rename(staged, `${HERE}${source.name}`);
}

/** Makes one source present and verified; throws with every provider's answer when none has it. */
async function ensure(source: Source): Promise<void> {
  if (await firstMismatch(patchedFiles(source), `${HERE}${source.name}`) === undefined) return;
  await Deno.mkdir(WORK, { recursive: true });
  const answers: string[] = [];
  for (const provider of [local, upstream, debian]) {
    try {
      const folder = await provider.provide(source);
      const mismatch = folder === undefined ? "nothing there" : await firstMismatch(source.files, folder);
      if (folder !== undefined && mismatch === undefined) {
        await install(source, folder);
        console.log(`vendor: ${source.name} ${source.version} from ${provider.name}, all files verified`);
        return;
      }
      answers.push(`${provider.name}: ${mismatch}`);
    } catch (error) {
      answers.push(`${provider.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(`Cannot fetch ${source.name} ${source.version}:\n  ${answers.join("\n  ")}`);
}

/** Makes all pinned sources present and verified; does nothing when they are. */
export async function fetchSources(): Promise<void> {
  for (const source of sources.sources as readonly Source[]) await ensure(source);
}

if (import.meta.main) await fetchSources();
