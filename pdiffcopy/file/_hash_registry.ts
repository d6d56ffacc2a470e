/**
 * The hashes by name: what `pdiffcopy_hash.zig` numbers, under the names that Python's hashlib and OpenSSL know them by.
 */
import { toHex } from "@sluice/internal";
import type { HashNumbers } from "../kernel/hash.ts";
import { failure } from "./_errors.ts";

/** A hash and how it is seeded. */
export interface HashSpec extends HashNumbers {
  /** The usual name. */
  readonly name: string;
  /** The seed in 16 hex digits; "" where there is none. */
  readonly seed: string;
}

/** Usual name, number, bytes of a digest, other names; "_" stands for "-" and "/" too. */
const HASHES: readonly (readonly [name: string, id: number, size: number, ...others: string[]])[] = [
  ["xxh3-128", 1, 16, "xxh3", "xxh128"],
  ["xxh64", 2, 8],
  ["blake3", 3, 32],
  ["md5", 4, 16],
  ["sha1", 5, 20, "sha_1"],
  ["sha224", 6, 28, "sha_224"],
  ["sha256", 7, 32, "sha_256"],
  ["sha384", 8, 48, "sha_384"],
  ["sha512", 9, 64, "sha_512"],
  ["sha512_224", 10, 28],
  ["sha512_256", 11, 32],
  ["sha3_224", 12, 28],
  ["sha3_256", 13, 32],
  ["sha3_384", 14, 48],
  ["sha3_512", 15, 64],
  ["blake2b", 16, 64, "blake2b512"],
  ["blake2s", 17, 32, "blake2s256"],
  ["md5-sha1", 18, 36],
  ["ripemd160", 19, 20, "rmd160"],
  ["sm3", 20, 32],
  ["md4", 21, 16],
];

/** Names that are known and can not be used, with the reason. */
const UNUSABLE: Readonly<Record<string, string>> = {
  shake_128: "its digest has no fixed size",
  shake_256: "its digest has no fixed size",
  whirlpool: "it is not built in",
};

function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[-/]/g, "_");
}

const BY_NAME: ReadonlyMap<string, (typeof HASHES)[number]> = new Map(
  HASHES.flatMap((row) => [row[0], ...row.slice(3)].map((name) => [normalized(`${name}`), row] as const)),
);

/** The usual names of all hashes. */
export const HASH_NAMES: readonly string[] = HASHES.map(([name]) => name);

/** The hash of a name; case and dashes do not count. A seed counts for the XXH hashes only. */
export function hashOf(name: string, seed = ""): HashSpec {
  const row = BY_NAME.get(normalized(name));
  if (row === undefined) {
    const reason = UNUSABLE[normalized(name)] ?? `expected one of ${HASH_NAMES.join(", ")}`;
    throw failure("UNSUPPORTED_HASH", `Cannot use the hash "${name}": ${reason}`);
  }
  const [usual, id, digestSize] = row;
  const used = id <= 2 ? seed : "";
  if (used !== "" && !/^[0-9a-f]{16}$/.test(used)) {
    throw failure("PROTOCOL", `Cannot use the seed "${seed}": expected 16 hex digits`);
  }
  const seedHigh = used === "" ? 0 : Number.parseInt(used.slice(0, 8), 16);
  const seedLow = used === "" ? 0 : Number.parseInt(used.slice(8), 16);
  return { name: usual, id, digestSize, seed: used, seedLow, seedHigh };
}

/** A seed that nobody could know before. */
export function randomSeed(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(8)));
}
