/**
 * Earlier versions of what a server sends, kept as dictionaries for later ones.
 *
 * @module
 */
import { checkArgument, checkInteger, checkKeys, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { DczDictionary } from "./dcz_dictionary.ts";

/** How much a store keeps. */
export interface ZstdDictionaryStoreOptions {
  /** The most bytes of all versions; the ones that were not used for longest go first. @default {2 ** 26} */
  readonly maxSize?: number | undefined;
  /** The most bytes of one version; larger ones are not kept. @default {2 ** 23} */
  readonly maxVersionSize?: number | undefined;
  /** The most versions of one route. @default {8} */
  readonly maxVersions?: number | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZstdDictionaryStoreOptions>([
  "maxSize",
  "maxVersionSize",
  "maxVersions",
]);
const MAX_SIZE_DEFAULT = 64 << 20;
const MAX_VERSION_SIZE_DEFAULT = 8 << 20;
const MAX_VERSIONS_DEFAULT = 8;

interface Version {
  readonly route: string;
  readonly dictionary: DczDictionary;
}

/**
 * Versions by their route and the SHA-256 of their content, in bounded memory. A version serves the route that it was sent
 * for and no other: what one route sends tells nobody about another. `withZstd` and the adapters fill and use one; give the same
 * store to several of them to have one bound for all.
 *
 * @example What a client names is found
 * ```ts
 * import { ZstdDictionaryStore } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new ZstdDictionaryStore({ maxVersions: 1 });
 * const first = await store.add("/page", new TextEncoder().encode("version 1"));
 * assertEquals(store.find("/page", first!.sha256)?.size, 9);
 * assertEquals(store.find("/other", first!.sha256), undefined);
 * await store.add("/page", new TextEncoder().encode("version 2"));
 * assertEquals(store.find("/page", first!.sha256), undefined);
 * store.close();
 * ```
 */
export class ZstdDictionaryStore implements Disposable {
  /** The most bytes of one version. */
  readonly maxVersionSize: number;
  readonly #maxSize: number;
  readonly #maxVersions: number;
  /** By route and hash, in the order of their last use. */
  readonly #versions = new Map<string, Version>();
  #size = 0;
  /** Characters of the keys, which many small versions must not add up to more than the bound. */
  #keysSize = 0;

  /**
   * Makes an empty store.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ZstdDictionaryStoreOptions = {}) {
    checkKeys(options, KEYS);
    const check = (name: keyof ZstdDictionaryStoreOptions, value: number): number =>
      checkInteger(name, options[name] ?? value, 0, Number.MAX_SAFE_INTEGER);
    this.#maxSize = check("maxSize", MAX_SIZE_DEFAULT);
    this.maxVersionSize = Math.min(check("maxVersionSize", MAX_VERSION_SIZE_DEFAULT), this.#maxSize);
    this.#maxVersions = check("maxVersions", MAX_VERSIONS_DEFAULT);
  }

  /** Bytes of all versions. */
  get size(): number {
    return this.#size;
  }

  /** How many versions there are. */
  get count(): number {
    return this.#versions.size;
  }

  /**
   * Keeps a copy of a version of a route; undefined where it is too large.
   *
   * @throws {TypeError} If the value holds no bytes.
   */
  async add(route: string, content: BytesSource): Promise<DczDictionary | undefined> {
    const bytes = toBytes(content);
    if (bytes.length > this.maxVersionSize || bytes.length === 0 || this.#maxVersions === 0) return undefined;
    const dictionary = await DczDictionary.from(bytes);
    const known = this.find(route, dictionary.sha256);
    if (known !== undefined) return known;
    const key = keyOf(route, dictionary.sha256);
    this.#versions.set(key, { route, dictionary });
    this.#size += dictionary.size;
    this.#keysSize += key.length;
    const ofRoute = [...this.#versions].filter(([, version]) => version.route === route);
    if (ofRoute.length > this.#maxVersions) this.#drop(ofRoute[0]![0]);
    for (const key of this.#versions.keys()) {
      if (this.#size <= this.#maxSize && this.#keysSize <= this.#maxSize) break;
      this.#drop(key);
    }
    return dictionary;
  }

  /** The version of a route with this SHA-256. Versions of other routes are not found, even with the same content. */
  find(route: string, sha256: Uint8Array): DczDictionary | undefined {
    checkArgument(typeof route === "string", "find a dictionary", route, "a route as text");
    const key = keyOf(route, toBytes(sha256));
    const version = this.#versions.get(key);
    if (version === undefined) return undefined;
    this.#versions.delete(key);
    this.#versions.set(key, version);
    return version.dictionary;
  }

  #drop(key: string): void {
    const { dictionary } = this.#versions.get(key)!;
    this.#versions.delete(key);
    this.#size -= dictionary.size;
    this.#keysSize -= key.length;
    dictionary.close();
  }

  /** Forgets all versions. The store can be used again. */
  close(): void {
    for (const key of [...this.#versions.keys()]) this.#drop(key);
  }

  /** Forgets all versions. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The key of a version: the colons keep the hash apart from the route. */
function keyOf(route: string, sha256: Uint8Array): string {
  return `:${btoa(String.fromCharCode(...sha256))}:${route}`;
}
