/**
 * Fetching the native library, for programs whose packages were not loaded from disk.
 *
 * @module
 */
import {
  BackendUnavailableError,
  ChecksumMismatchError,
  TransferError,
  TruncatedDataError,
} from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";
import { resetNativeStatus } from "./_native.ts";
import { installedLibraryPath, nativeAssetName } from "./_resolve.ts";
import { NATIVE_ASSETS } from "./native/assets.gen.ts";

/** Where the library comes from. */
export interface InstallNativeOptions {
  /** The package's address, ending in a slash. @default {where this module was loaded from} */
  readonly from?: string | URL | undefined;
  /** Gives fetching up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches the native library for this machine, checks its size and SHA-256 against those that were compiled into the
 * package, and puts it into the user's cache folder, from where every later run opens it. The file appears there when it
 * is complete. Nothing but a call of this function fetches anything.
 *
 * It runs under Deno and needs permission for the network, to read and write the cache folder, and to read the variables
 * that name it (`XDG_CACHE_HOME`, `HOME`, on Windows `LOCALAPPDATA`); what uses the library needs `--allow-ffi`.
 *
 * @returns The library's path.
 * @throws {BackendUnavailableError} If the release has no library for this machine ("NO_ASSET"), or there is no cache
 *   folder ("NO_CACHE").
 * @throws {TransferError} If the server does not send the file.
 * @throws {TruncatedDataError} If less or more than the whole file came.
 * @throws {ChecksumMismatchError} If the file is another one.
 *
 * @example A server that is not there
 * ```ts
 * import { installNative } from "@sluice/ffi/install-native";
 * import { TransferError } from "@sluice/internal";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => installNative({ from: "http://127.0.0.1:1/" }), TransferError);
 * ```
 */
export async function installNative(options: InstallNativeOptions = {}): Promise<string> {
  const name = nativeAssetName();
  const asset = NATIVE_ASSETS[name];
  if (asset === undefined) throw unavailable(`this release has no ${name}`, "NO_ASSET");
  const path = installedLibraryPath();
  if (path === undefined) throw unavailable("the user's cache folder is not known", "NO_CACHE");
  const url = new URL(name, options.from ?? new URL("./", import.meta.url));
  const bytes = await fetchWhole(url, asset.size, options.signal);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  if (sha256 !== asset.sha256) {
    throw new ChecksumMismatchError(
      `Cannot install the native library: ${url} has SHA-256 ${sha256}, expected ${asset.sha256}`,
      { format: "ffi", code: "WRONG_ASSET" },
    );
  }
  await writeWhole(path, bytes);
  resetNativeStatus();
  return path;
}

function unavailable(state: string, code: SluiceErrorCode): BackendUnavailableError {
  return new BackendUnavailableError(`Cannot install the native library: ${state}`, { format: "ffi", code });
}

/** Fetches exactly `size` bytes; stops at the first one too many. */
async function fetchWhole(
  url: URL,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (state: string, cause?: unknown): TransferError =>
    new TransferError(`Cannot install the native library: ${url} ${state}`, {
      format: "http",
      code: "FETCH_FAILED",
      cause,
    });
  const bytes = new Uint8Array(size);
  let length = 0;
  try {
    const response = await fetch(url, signal === undefined ? {} : { signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw failed(`answered ${response.status}`);
    }
    for await (const chunk of response.body) {
      if (length + chunk.length <= size) bytes.set(chunk, length);
      length += chunk.length;
      if (length > size) break;
    }
  } catch (error) {
    if (error instanceof TransferError || signal?.aborted === true) throw error;
    throw failed("broke off", error);
  }
  if (length === size) return bytes;
  throw new TruncatedDataError(
    `Cannot install the native library: ${url} has ${
      length < size ? length : "more than"
    } bytes, expected ${size}`,
    { format: "http", code: "WRONG_SIZE" },
  );
}

/** Writes a file that appears under its name when it is complete. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o755 });
    for (let offset = 0; offset < bytes.length;) offset += await file.write(bytes.subarray(offset));
    await file.sync();
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  await Deno.rename(temporary, path);
}
