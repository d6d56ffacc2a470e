/**
 * The kernel of names and attributes: what a directory holds, and what a file has beside its content. Linux only, on the
 * native backend only.
 *
 * @module
 */
import { RESULT } from "@sluice/ffi";
import type { FileAnswer, NativeFile } from "./file.ts";
import { decodePath, decodePaths, encodePath } from "./path_text.ts";

/** What the system knows of a name; a link is not followed. */
export interface NameFacts {
  readonly name: string;
  /** Why the system says nothing more; 0 where it does. */
  readonly errno: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Hard links. */
  readonly links: number;
  /** When the content changed last, in nanoseconds. */
  readonly mtimeNs: bigint;
  readonly size: number;
  /** Device and inode, where there are several hard links; else "". */
  readonly identity: string;
  /** Where a link leads; undefined for anything else. */
  readonly link: string | undefined;
  /** Extended attributes, where they were asked for. */
  readonly attributes: Uint8Array<ArrayBuffer> | undefined;
}

/** What is set: bits of one number. */
export const FACTS = { OWNER: 1, MODE: 2, TIME: 4 } as const;

/** Facts that are set; those that are undefined stay. */
export interface NewFacts {
  readonly mode?: number | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly mtimeNs?: bigint | undefined;
}

/** What is done to a name of a directory. */
export const CHANGE = {
  MAKE_DIRECTORY: 0,
  MAKE_LINK: 1,
  REMOVE_DIRECTORY: 2,
  MAKE_PIPE: 3,
  MAKE_SOCKET: 4,
} as const;

const RECORD_SIZE = 64;
const LIST_SIZE = 256 << 10;
const ATTRIBUTES_SIZE = 16 << 10;
const ATTRIBUTES_SIZE_MAX = 16 << 20;
const SECOND_NS = 1_000_000_000n;
const EMPTY = new Uint8Array();

/** A buffer that no listing uses: clearing a new one takes longer than filling it. */
let spare: Uint8Array<ArrayBuffer> | undefined;

/** Everything in an open directory, in the system's order; the answer where that fails. */
export async function listNames(
  directory: NativeFile,
  attributes: boolean,
): Promise<NameFacts[] | FileAnswer> {
  const buffer = spare ?? new Uint8Array(LIST_SIZE);
  spare = undefined;
  try {
    return await listInto(directory, attributes, buffer);
  } finally {
    spare = buffer;
  }
}

async function listInto(
  directory: NativeFile,
  attributes: boolean,
  first: Uint8Array<ArrayBuffer>,
): Promise<NameFacts[] | FileAnswer> {
  const found: NameFacts[] = [];
  for (let [restart, buffer] = [1, first];;) {
    const answer = await directory.useAsync((functions, handle, step) =>
      functions.sluice_pdiffcopy_names_list_async(
        handle,
        restart,
        attributes ? 1 : 0,
        buffer,
        0,
        buffer.length,
        step,
      )
    );
    if (answer.result === RESULT.OUTPUT_TOO_SMALL && buffer.length < ATTRIBUTES_SIZE_MAX) {
      // One name has more attributes than fit.
      buffer = new Uint8Array(buffer.length * 8);
      continue;
    }
    if (answer.result < 0) return answer;
    readRecords(buffer.subarray(0, answer.produced), attributes, found);
    if (answer.result === RESULT.OK) return found;
    restart = 0;
  }
}

/** Bytes for the names of many directories. */
const LISTS_SIZE = 1 << 20;
let spareForMany: Uint8Array<ArrayBuffer> | undefined;

/**
 * Lists directories of an open one, from the first on as many as fit one call: what each has, or the system's number. None
 * where the first one alone does not fit.
 */
export async function listManyNames(
  directory: NativeFile,
  names: readonly string[],
  attributes: boolean,
): Promise<(NameFacts[] | number)[] | FileAnswer> {
  const wanted = encodePath(names.map((name) => `${name}\0`).join(""));
  const buffer = spareForMany ?? new Uint8Array(LISTS_SIZE);
  spareForMany = undefined;
  try {
    const answer = await directory.useAsync((functions, handle, step) =>
      functions.sluice_pdiffcopy_names_list_many_async(
        handle,
        wanted,
        0,
        wanted.length,
        attributes ? 1 : 0,
        buffer,
        0,
        buffer.length,
        step,
      )
    );
    if (answer.result < 0) return answer;
    const view = new DataView(buffer.buffer);
    const lists: (NameFacts[] | number)[] = [];
    for (let at = 0; at < answer.produced;) {
      const [errno, size] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      const found = readNameRecords(buffer.subarray(at + 8, at + 8 + size), attributes);
      lists.push(errno === 0 ? found : errno);
      at += 8 + size;
    }
    return lists;
  } finally {
    spareForMany = buffer;
  }
}

/** The texts of the names of records. */
function namesOf(bytes: Uint8Array<ArrayBuffer>, view: DataView): string[] {
  // Records are larger than their names.
  const names = new Uint8Array(bytes.length);
  let size = 0;
  for (let at = 0; at < bytes.length; at += view.getUint32(at, true)) {
    const end = at + RECORD_SIZE + view.getUint16(at + 4, true);
    for (let i = at + RECORD_SIZE; i < end; i++) names[size++] = bytes[i]!;
    names[size++] = 0;
  }
  return decodePaths(names.subarray(0, size));
}

/** The names of records. */
export function readNameRecords(bytes: Uint8Array<ArrayBuffer>, attributes: boolean): NameFacts[] {
  const found: NameFacts[] = [];
  readRecords(bytes, attributes, found);
  return found;
}

function readRecords(bytes: Uint8Array<ArrayBuffer>, attributes: boolean, found: NameFacts[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const names = namesOf(bytes, view);
  const whole = (at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  for (let [at, index] = [0, 0]; at < bytes.length; index++) {
    const end = at + view.getUint32(at, true);
    const nameEnd = at + RECORD_SIZE + view.getUint16(at + 4, true);
    const linkSize = view.getUint16(at + 6, true);
    const mode = view.getUint32(at + 12, true);
    const links = view.getUint32(at + 24, true);
    found.push({
      name: names[index]!,
      errno: view.getUint32(at + 8, true),
      mode,
      uid: view.getUint32(at + 16, true),
      gid: view.getUint32(at + 20, true),
      links,
      mtimeNs: view.getBigInt64(at + 32, true) * SECOND_NS + BigInt(view.getUint32(at + 28, true)),
      size: whole(at + 40),
      identity: links > 1 ? `${whole(at + 56).toString(16)}-${whole(at + 48).toString(16)}` : "",
      link: (mode & 0o170000) === 0o120000
        ? decodePath(bytes.subarray(nameEnd, nameEnd + linkSize))
        : undefined,
      attributes: attributes ? attributesAt(bytes, nameEnd + linkSize, end) : undefined,
    });
    at = end;
  }
}

function attributesAt(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): Uint8Array<ArrayBuffer> {
  return start === end ? EMPTY : bytes.slice(start, end);
}

/** One of `CHANGE`; `content` is that of a link, `mode` that of a new directory, pipe or socket. */
export function changeName(
  directory: NativeFile,
  change: number,
  name: string,
  content = "",
  mode = 0o777,
): FileAnswer {
  const [old, other] = [encodePath(name), encodePath(content)];
  return directory.use((functions, handle, step) =>
    functions.sluice_pdiffcopy_names_change(
      handle,
      change,
      old,
      0,
      old.length,
      other,
      0,
      other.length,
      mode,
      step,
    )
  );
}

/** Gives a file of one directory a name in another. */
export function linkName(
  directory: NativeFile,
  name: string,
  other: NativeFile,
  newName: string,
): FileAnswer {
  const [old, next] = [encodePath(name), encodePath(newName)];
  return directory.use((functions, handle, step) =>
    other.use((_, otherHandle) =>
      functions.sluice_pdiffcopy_names_link(
        handle,
        otherHandle,
        old,
        0,
        old.length,
        next,
        0,
        next.length,
        step,
      )
    ).result
  );
}

/** Sets facts of a name in a directory, or of the open file itself for the name "". Links are not followed. */
export function setFacts(file: NativeFile, name: string, facts: NewFacts): FileAnswer {
  const { mode, owner, mtimeNs = 0n } = facts;
  const what = (owner === undefined ? 0 : FACTS.OWNER) | (mode === undefined ? 0 : FACTS.MODE) |
    (facts.mtimeNs === undefined ? 0 : FACTS.TIME);
  const nanoseconds = ((mtimeNs % SECOND_NS) + SECOND_NS) % SECOND_NS;
  const seconds = BigInt.asUintN(64, (mtimeNs - nanoseconds) / SECOND_NS);
  const bytes = encodePath(name);
  return file.use((functions, handle, step) =>
    functions.sluice_pdiffcopy_names_set_facts(
      handle,
      bytes,
      0,
      bytes.length,
      what,
      mode ?? 0,
      owner?.uid ?? 0,
      owner?.gid ?? 0,
      Number(seconds & 0xffff_ffffn),
      Number(seconds >> 32n),
      Number(nanoseconds),
      step,
    )
  );
}

/** The extended attributes of an open file, ACLs among them; the answer where that fails. */
export function readAttributes(file: NativeFile): Uint8Array<ArrayBuffer> | FileAnswer {
  for (let size = ATTRIBUTES_SIZE;; size *= 8) {
    const buffer = new Uint8Array(size);
    const answer = file.use((functions, handle, step) =>
      functions.sluice_pdiffcopy_names_read_attributes(handle, buffer, 0, buffer.length, step)
    );
    if (answer.result === RESULT.OUTPUT_TOO_SMALL && size < ATTRIBUTES_SIZE_MAX) continue;
    if (answer.result < 0) return answer;
    return answer.produced === 0 ? EMPTY : buffer.slice(0, answer.produced);
  }
}

/** Makes the extended attributes of an open file those that `readAttributes` returned; `hint` counts those refused. */
export function writeAttributes(file: NativeFile, attributes: Uint8Array): FileAnswer {
  return file.use((functions, handle, step) =>
    functions.sluice_pdiffcopy_names_write_attributes(handle, attributes, 0, attributes.length, step)
  );
}
