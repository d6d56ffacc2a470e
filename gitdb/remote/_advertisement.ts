/**
 * What a server says of itself and of its references (gitprotocol-v2, gitprotocol-pack, gitprotocol-http).
 */
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { isReferenceName } from "../repository/_reference_names.ts";
import { FLUSH } from "./_packet_lines.ts";
import type { PacketReader } from "./_packet_lines.ts";
import { notOffered, protocolFault, remoteLimit, shown } from "./_remote_faults.ts";

/** A reference of another repository. */
export interface GitRemoteRef {
  /** Its full name, as in "refs/heads/main", or "HEAD". */
  readonly name: string;
  /** The object that it leads to; undefined for a HEAD whose branch has no commit yet. */
  readonly id: GitObjectId | undefined;
  /** What a tag leads to in the end, where that was asked for and the reference names a tag object. */
  readonly peeled: GitObjectId | undefined;
  /** The reference that it names, where that was asked for and it names one. */
  readonly target: string | undefined;
}

/** What a server says of itself. */
export interface Advertisement {
  readonly version: 0 | 1 | 2;
  readonly hashAlgorithm: GitHashAlgorithm;
  /** What it can do: words with what stands after the equals sign. */
  readonly features: ReadonlyMap<string, string>;
  /** Its references, in versions 0 and 1. */
  readonly refs: readonly GitRemoteRef[];
  /** Where its own history ends, in versions 0 and 1. */
  readonly shallow: readonly GitObjectId[];
}

/** Lines of an advertisement in version 2: real servers have ten. */
const FEATURES_MAX = 1000;

/** Reads an id as references are written: in lower case, and not of zeros. */
export function idOf(text: string, algorithm: GitHashAlgorithm): GitObjectId | undefined {
  const isId = text.length === 2 * HASH_SIZE[algorithm] && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text);
  return isId ? GitObjectId.from(text) : undefined;
}

function addFeature(features: Map<string, string>, word: string): void {
  const at = word.indexOf("=");
  const [name, value] = at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
  // Of several, as `symref=`, all are kept.
  const before = features.get(name);
  features.set(name, before === undefined ? value : `${before} ${value}`);
}

function hashOf(features: ReadonlyMap<string, string>, label: string): GitHashAlgorithm {
  const name = features.get("object-format") ?? "sha1";
  if (name === "sha1" || name === "sha256") return name;
  throw notOffered(label, `a hash that is known here, but "${shown(name)}"`);
}

/**
 * Reads the answer to the first request.
 *
 * @throws {SluiceError} If it breaks the rules, or has more references than `maxRefs`.
 */
export async function readAdvertisement(reader: PacketReader, maxRefs: number): Promise<Advertisement> {
  let line = await reader.line();
  if (line?.startsWith("# service=") === true) {
    if (line !== "# service=git-upload-pack") throw protocolFault(reader.label, `it is of "${shown(line)}"`);
    const offset = reader.offset;
    if (await reader.packet() !== FLUSH) throw protocolFault(reader.label, "a flush is missing", offset);
    line = await reader.line();
  }
  if (line === "version 2") return await readFeatures(reader);
  const version = line === "version 1" ? 1 : 0;
  return await readOldRefs(reader, version === 1 ? await reader.line() : line, version, maxRefs);
}

async function readFeatures(reader: PacketReader): Promise<Advertisement> {
  const features = new Map<string, string>();
  for (let count = 0;; count++) {
    const line = await reader.lineBeforeFlush();
    if (line === undefined) break;
    if (count === FEATURES_MAX) throw remoteLimit(reader.label, "capabilities", FEATURES_MAX, "lines");
    addFeature(features, line);
  }
  const hashAlgorithm = hashOf(features, reader.label);
  return { version: 2, hashAlgorithm, features, refs: [], shallow: [] };
}

/** The references that versions 0 and 1 start with; the first line has what the server can do after a zero. */
async function readOldRefs(
  reader: PacketReader,
  first: string | undefined,
  version: 0 | 1,
  maxRefs: number,
): Promise<Advertisement> {
  const features = new Map<string, string>();
  const refs = new RefList(reader.label, maxRefs);
  const shallow: GitObjectId[] = [];
  let hashAlgorithm: GitHashAlgorithm = "sha1";
  for (let line = first, isFirst = true; line !== undefined; isFirst = false) {
    const [plain, words] = line.split("\0", 2) as [string, string | undefined];
    if (isFirst) {
      for (const word of (words ?? "").split(" ")) if (word !== "") addFeature(features, word);
      hashAlgorithm = hashOf(features, reader.label);
    }
    const [hex, name] = cut(plain);
    const shallowId = hex === "shallow" ? idOf(name, hashAlgorithm) : undefined;
    if (shallowId !== undefined) shallow.push(shallowId);
    else if (!isFirst || name !== "capabilities^{}") {
      refs.add(name, idOf(hex, hashAlgorithm), reader.offset);
    }
    line = await reader.lineBeforeFlush();
  }
  for (const pair of features.get("symref")?.split(" ") ?? []) refs.link(pair);
  return { version, hashAlgorithm, features, refs: refs.list, shallow };
}

function cut(line: string): [string, string] {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}

/** References as they come, whose names are checked. */
class RefList {
  readonly list: GitRemoteRef[] = [];
  readonly #label: string;
  readonly #max: number;

  constructor(label: string, max: number) {
    this.#label = label;
    this.#max = max;
  }

  /** Takes a line of versions 0 and 1: what a tag leads to stands after it. */
  add(name: string, id: GitObjectId | undefined, offset: number): void {
    if (id === undefined) throw protocolFault(this.#label, `"${shown(name)}" has no id`, offset);
    const last = this.list.at(-1);
    if (last !== undefined && name === `${last.name}^{}`) {
      this.list[this.list.length - 1] = { ...last, peeled: id };
      return;
    }
    checkName(this.#label, name, offset);
    if (this.list.length >= this.#max) throw remoteLimit(this.#label, "references", this.#max, "names");
    this.list.push({ name, id, peeled: undefined, target: undefined });
  }

  /** Notes which reference one names, as in "HEAD:refs/heads/main". */
  link(pair: string): void {
    const at = pair.indexOf(":");
    const index = this.list.findIndex(({ name }) => name === pair.slice(0, at));
    const target = pair.slice(at + 1);
    if (index >= 0 && isReferenceName(target)) this.list[index] = { ...this.list[index]!, target };
  }
}

function checkName(label: string, name: string, offset: number): void {
  if (isReferenceName(name)) return;
  throw protocolFault(label, `"${shown(name)}" is no name of a reference`, offset);
}

/**
 * One line of version 2: an id or "unborn", a name, and what was asked for beside it.
 *
 * @throws {CorruptDataError} If it breaks the rules.
 */
export function parseRefLine(
  line: string,
  algorithm: GitHashAlgorithm,
  label: string,
  offset: number,
): GitRemoteRef {
  const [hex, name = "", ...attributes] = line.split(" ");
  const id = idOf(hex!, algorithm);
  if (id === undefined && hex !== "unborn") throw protocolFault(label, `"${shown(name)}" has no id`, offset);
  checkName(label, name, offset);
  const valueOf = (key: string): string | undefined =>
    attributes.find((attribute) => attribute.startsWith(`${key}:`))?.slice(key.length + 1);
  const peeled = valueOf("peeled");
  const target = valueOf("symref-target");
  const peeledId = peeled === undefined ? undefined : idOf(peeled, algorithm);
  if (peeled !== undefined && peeledId === undefined) {
    throw protocolFault(label, `"${shown(name)}" leads to no id`, offset);
  }
  if (target !== undefined) checkName(label, target, offset);
  return { name, id, peeled: peeledId, target };
}
