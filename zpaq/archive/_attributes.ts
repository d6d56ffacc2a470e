/**
 * System attributes of a file as an index holds them. zpaq 7.15 reads the first eight bytes as one number, passes over
 * the rest, and drops a block of files in which one has more than 65,535 bytes. The first three bytes are its own: "u"
 * and the mode. What it has no place for follows from byte 8 on: a mark, then fields of one byte that says which, two
 * for the size, and the value.
 */
import { byteString, fromHex, readU32, toHex, writeU32 } from "@sluice/internal";
import { decodeName, encodeName } from "../block/_names.ts";

/** What of a file's system attributes is kept. */
export type ZpaqAttributes = ZpaqUnixAttributes | ZpaqWindowsAttributes;

/** Attributes of a file on Windows. */
export interface ZpaqWindowsAttributes {
  /** The system. */
  readonly system: "windows";
  /** Bits as Windows has them. */
  readonly bits: number;
}

/** Attributes of a file on any other system. zpaq 7.15 knows the mode alone and passes over the others. */
export interface ZpaqUnixAttributes {
  /** The system. */
  readonly system: "unix";
  /** Type and permission bits. */
  readonly mode: number;
  /** Nanoseconds of the time of the last change, beside its whole seconds. */
  readonly nanoseconds?: number | undefined;
  /** The owner's number. */
  readonly uid?: number | undefined;
  /** The group's number. */
  readonly gid?: number | undefined;
  /** Where a symbolic link leads; its content in the archive says the same, for programs that know no links. */
  readonly link?: string | undefined;
  /** The name in the archive of a file that is the same file on the disk. */
  readonly hardLink?: string | undefined;
  /** Extended attributes by their name, ACLs among them. */
  readonly extended?: Readonly<Record<string, Uint8Array<ArrayBuffer>>> | undefined;
  /**
   * A second hash of the content beside the SHA-1 of each fragment, in hexadecimal: the SHA-256 of its one fragment, or
   * that of the SHA-256 of all its fragments one after the other.
   */
  readonly secondHash?: string | undefined;
}

/** The most bytes of attributes that zpaq 7.15 reads. */
export const ATTRIBUTES_SIZE_MAX = 65535;

const MARK = Uint8Array.of(0x73, 0x6c, 0x63, 0x01);
const FIELDS_AT = 8 + MARK.length;
const FIELD_HEADER = 3;
const FIELD = {
  nanoseconds: 0x6e,
  owner: 0x6f,
  link: 0x6c,
  hardLink: 0x68,
  extended: 0x78,
  secondHash: 0x32,
} as const;
const SHA256_SIZE = 32;
const SHA256_TEXT = /^[0-9a-f]{64}$/i;
/** Bytes of the field of a SHA-256, which is the last. */
export const SHA256_FIELD_SIZE = FIELD_HEADER + SHA256_SIZE;
const VALUE_MAX = 0xffff;
/** Bytes of what zpaq itself writes. */
const PLAIN_SIZE = 3;

/** Attributes as they stand in an index; undefined where they are of no known kind. */
export function parseAttributes(bytes: Uint8Array): ZpaqAttributes | undefined {
  const kind = String.fromCharCode(bytes[0] ?? 0);
  if (kind === "w" && bytes.length >= 5) return { system: "windows", bits: readU32(bytes, 1) };
  if (kind !== "u" || bytes.length < 3) return undefined;
  const base: ZpaqUnixAttributes = { system: "unix", mode: bytes[1]! + 256 * bytes[2]! };
  // Others write after the eighth byte as well.
  if (
    bytes.length <= 8 || bytes.length > ATTRIBUTES_SIZE_MAX || MARK.some((byte, i) => bytes[8 + i] !== byte)
  ) return base;
  return { ...base, ...parseFields(bytes) };
}

function parseFields(bytes: Uint8Array): Partial<ZpaqUnixAttributes> {
  const found: { -readonly [K in keyof ZpaqUnixAttributes]?: ZpaqUnixAttributes[K] } = {};
  let extended: Record<string, Uint8Array<ArrayBuffer>> | undefined;
  for (let at = FIELDS_AT; at + FIELD_HEADER <= bytes.length;) {
    const kind = bytes[at];
    const size = bytes[at + 1]! + 256 * bytes[at + 2]!;
    const start = at + FIELD_HEADER;
    at = start + size;
    if (at > bytes.length) break;
    if (kind === FIELD.nanoseconds && size === 4) found.nanoseconds = readU32(bytes, start) % 1e9;
    else if (kind === FIELD.owner && size === 8) {
      found.uid = readU32(bytes, start);
      found.gid = readU32(bytes, start + 4);
    } else if (kind === FIELD.link) found.link = decodeName(bytes.subarray(start, at));
    else if (kind === FIELD.hardLink) found.hardLink = decodeName(bytes.subarray(start, at));
    else if (kind === FIELD.secondHash && size === SHA256_SIZE) {
      found.secondHash = toHex(bytes.subarray(start, at));
    } else if (kind === FIELD.extended) {
      const value = bytes.slice(start, at);
      const end = value.indexOf(0);
      extended ??= Object.create(null) as Record<string, Uint8Array<ArrayBuffer>>;
      if (end > 0) extended[byteString(value.subarray(0, end))] = value.slice(end + 1);
    }
  }
  if (extended !== undefined) found.extended = extended;
  return found;
}

/**
 * Writes attributes as they stand in an index.
 *
 * @throws {RangeError} If they are more than zpaq reads.
 */
export function attributeBytes(attributes: ZpaqAttributes | undefined): Uint8Array<ArrayBuffer> {
  if (attributes === undefined) return new Uint8Array();
  if (attributes.system === "windows") {
    const { bits } = attributes;
    return Uint8Array.of(0x77, bits & 255, bits >>> 8 & 255, bits >>> 16 & 255, bits >>> 24);
  }
  const { link, hardLink, extended } = attributes;
  if (link === undefined && hardLink === undefined && extended === undefined) return plainBytes(attributes);
  const mode = Uint8Array.of(0x75, attributes.mode & 255, attributes.mode >> 8 & 255);
  const fields = fieldsOf(attributes);
  const size = fields.reduce((sum, { value }) => sum + FIELD_HEADER + value.length, FIELDS_AT);
  if (size > ATTRIBUTES_SIZE_MAX) {
    throw new RangeError(
      `Cannot archive the attributes of a file: they have ${size} bytes, expected at most ${ATTRIBUTES_SIZE_MAX}`,
    );
  }
  const bytes = new Uint8Array(size);
  bytes.set(mode);
  bytes.set(MARK, 8);
  let at = FIELDS_AT;
  for (const { kind, value } of fields) {
    bytes.set([kind, value.length & 255, value.length >> 8], at);
    bytes.set(value, at + FIELD_HEADER);
    at += FIELD_HEADER + value.length;
  }
  return bytes;
}

/** The attributes of a file without the second hash of its content, which is not known before that is read. */
export function withoutSecondHash(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - SHA256_FIELD_SIZE;
  return end >= FIELDS_AT && bytes[end] === FIELD.secondHash && bytes[end + 1] === SHA256_SIZE &&
      bytes[end + 2] === 0
    ? bytes.subarray(0, end === FIELDS_AT ? PLAIN_SIZE : end)
    : bytes;
}

/** Attributes of most files, which have nothing of varying size. */
function plainBytes(
  { mode, nanoseconds = 0, uid, gid, secondHash }: ZpaqUnixAttributes,
): Uint8Array<ArrayBuffer> {
  const timeSize = nanoseconds === 0 ? 0 : FIELD_HEADER + 4;
  const ownerSize = uid === undefined || gid === undefined ? 0 : FIELD_HEADER + 8;
  const size = timeSize + ownerSize + (secondHash === undefined ? 0 : SHA256_FIELD_SIZE);
  const bytes = new Uint8Array(size === 0 ? PLAIN_SIZE : FIELDS_AT + size);
  bytes[0] = 0x75;
  bytes[1] = mode;
  bytes[2] = mode >> 8;
  if (size === 0) return bytes;
  bytes.set(MARK, 8);
  if (timeSize > 0) {
    bytes[FIELDS_AT] = FIELD.nanoseconds;
    bytes[FIELDS_AT + 1] = 4;
    writeU32(bytes, FIELDS_AT + FIELD_HEADER, nanoseconds);
  }
  if (ownerSize > 0) {
    const at = FIELDS_AT + timeSize;
    bytes[at] = FIELD.owner;
    bytes[at + 1] = 8;
    writeU32(bytes, at + FIELD_HEADER, uid!);
    writeU32(bytes, at + FIELD_HEADER + 4, gid!);
  }
  if (secondHash !== undefined) {
    const at = FIELDS_AT + timeSize + ownerSize;
    bytes[at] = FIELD.secondHash;
    bytes[at + 1] = SHA256_SIZE;
    bytes.set(sha256Bytes(secondHash), at + FIELD_HEADER);
  }
  return bytes;
}

interface Field {
  readonly kind: number;
  readonly value: Uint8Array;
}

function fieldsOf(attributes: ZpaqUnixAttributes): Field[] {
  const { nanoseconds, uid, gid, link, hardLink, extended, secondHash } = attributes;
  const fields: Field[] = [];
  const add = (kind: number, value: Uint8Array): void => {
    if (value.length > VALUE_MAX) {
      throw new RangeError(
        `Cannot archive the attributes of a file: one has ${value.length} bytes, expected at most ${VALUE_MAX}`,
      );
    }
    fields.push({ kind, value });
  };
  if (nanoseconds !== undefined && nanoseconds !== 0) add(FIELD.nanoseconds, numbers(nanoseconds));
  if (uid !== undefined && gid !== undefined) add(FIELD.owner, numbers(uid, gid));
  if (link !== undefined) add(FIELD.link, encodeName(link));
  if (hardLink !== undefined) add(FIELD.hardLink, encodeName(hardLink));
  for (const name of Object.keys(extended ?? {}).sort()) {
    const value = extended![name]!;
    const bytes = new Uint8Array(name.length + 1 + value.length);
    bytes.set(Uint8Array.from(name, (letter) => letter.charCodeAt(0)));
    bytes.set(value, name.length + 1);
    add(FIELD.extended, bytes);
  }
  if (secondHash !== undefined) add(FIELD.secondHash, sha256Bytes(secondHash));
  return fields;
}

function sha256Bytes(text: string): Uint8Array {
  if (typeof text === "string" && SHA256_TEXT.test(text)) return fromHex(text);
  throw new RangeError(
    `Cannot archive the attributes of a file: its secondHash is ${
      JSON.stringify(text)
    }, expected 64 hexadecimal digits`,
  );
}

function numbers(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => writeU32(bytes, 4 * i, value));
  return bytes;
}
