/**
 * Packs put together by hand, as no writer would make them.
 */
import { deflateSync } from "node:zlib";
import { createHash } from "node:crypto";
import { byteSourceFromBytes } from "@sluice/internal";
import type { PackSource } from "@sluice/gitdb";
import { join } from "./_data.ts";

/** An entry of a pack. */
export interface RawEntry {
  /** Bits 4 to 6 of the first byte. */
  readonly kind: number;
  /** What the header says, where that is not the truth. */
  readonly size?: number | bigint;
  /** Bytes between header and stream: a distance or an id. */
  readonly base?: Uint8Array;
  readonly content: Uint8Array;
  /** The id that the index gives it; some other than the true one where left out. */
  readonly id: string;
}

/** Type and size as a pack has them. */
export function entryHead(kind: number, size: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(size);
  let byte = kind << 4 | Number(rest & 15n);
  rest >>= 4n;
  while (rest > 0n) {
    bytes.push(byte | 0x80);
    byte = Number(rest & 127n);
    rest >>= 7n;
  }
  bytes.push(byte);
  return new Uint8Array(bytes);
}

/** A distance to a base. */
export function distance(value: number): Uint8Array {
  const bytes = [value & 127];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) {
    rest--;
    bytes.unshift(0x80 | rest & 127);
  }
  return new Uint8Array(bytes);
}

/** A size before a delta. */
export function deltaSize(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push(rest % 128 | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

function sha1(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** The id of an object. */
export function idOf(type: string, content: Uint8Array): string {
  return sha1(new TextEncoder().encode(`${type} ${content.length}\0`), content).toHex();
}

function u32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(i * 4, value));
  return bytes;
}

/** A pack and an index of version 2. */
export function rawPack(
  entries: readonly RawEntry[],
): { pack: Uint8Array<ArrayBuffer>; index: Uint8Array<ArrayBuffer>; offsets: number[] } {
  const parts: Uint8Array[] = [u32(0x5041434b, 2, entries.length)];
  const offsets: number[] = [];
  let at = 12;
  for (const { kind, size, base, content } of entries) {
    const entry = join(
      entryHead(kind, size ?? content.length),
      base ?? new Uint8Array(),
      deflateSync(content),
    );
    offsets.push(at);
    parts.push(entry);
    at += entry.length;
  }
  const body = join(...parts);
  const checksum = sha1(body);
  const rows = entries.map(({ id }, i) => ({ id, offset: offsets[i]! })).sort((a, b) => a.id < b.id ? -1 : 1);
  const fanout = Array.from(
    { length: 256 },
    (_, byte) => rows.filter(({ id }) => parseInt(id.slice(0, 2), 16) <= byte).length,
  );
  const head = join(
    u32(0xff744f63, 2, ...fanout),
    ...rows.map(({ id }) => Uint8Array.fromHex(id)),
    u32(...rows.map(() => 0)),
    u32(...rows.map(({ offset }) => offset)),
    checksum,
  );
  return { pack: join(body, checksum), index: join(head, sha1(head)), offsets };
}

/** As sources for a store. */
export function sourcesOf(made: { readonly pack: Uint8Array; readonly index: Uint8Array }): PackSource[] {
  return [{ name: "made", pack: byteSourceFromBytes(made.pack), index: byteSourceFromBytes(made.index) }];
}
