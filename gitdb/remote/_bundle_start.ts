/**
 * The bundles that a clone starts from.
 */
import { concatBytes, SluiceError } from "@sluice/internal";
import { parseConfig } from "../object/_config.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import { parseBundleList } from "./_bundle_list.ts";
import type { GitBundleList } from "./_bundle_list.ts";
import { download } from "./_download.ts";
import { labelOf, remoteLimit } from "./_remote_faults.ts";
import type { GitRemoteOptions } from "./remote.ts";

/** What is there before the server is asked. */
export interface Start {
  readonly ids: readonly GitObjectId[];
  readonly count: number;
}

/** How bundles are had. */
export interface StartOptions {
  readonly connection: GitRemoteOptions | undefined;
  readonly onWarning: ((message: string) => void) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Takes one bundle in. */
  readonly takeBundle: (bundle: AsyncIterable<Uint8Array>, name: string) => Promise<Start>;
}

const NOTHING: Start = { ids: [], count: 0 };
/** Lists may name lists. */
const DEPTH_MAX = 4;
const LIST_SIZE_MAX = 1 << 20;
/** Requests for all bundles and lists of one clone. */
const REQUESTS_MAX = 512;
/** What a bundle ends with whose commits, or bases of deltas, another one brings. */
const LACKING: ReadonlySet<string> = new Set(["BASE_MISSING", "UNRESOLVED_DELTAS"]);
/** How every bundle starts, whatever its version is. */
const SIGNATURE = new TextEncoder().encode("# v");

/** Takes a bundle, or those of a list, in; returns what they have brought. A bundle that can't be had costs time and nothing else. */
export async function startFrom(
  from: URL | undefined | (() => Promise<GitBundleList | undefined>),
  options: StartOptions,
): Promise<Start> {
  if (from === undefined) return NOTHING;
  const requests = { left: REQUESTS_MAX };
  try {
    if (from instanceof URL) return await take(from, options, DEPTH_MAX, requests);
    const list = await from();
    if (list === undefined) return NOTHING;
    return await takeListed(list, (each) => take(each, options, DEPTH_MAX - 1, requests), options);
  } catch (error) {
    warn(error, options);
    return NOTHING;
  }
}

/** Tells why a bundle was not used; what is no fault of a bundle is thrown again. */
function warn(error: unknown, { onWarning, signal }: StartOptions): void {
  signal?.throwIfAborted();
  if (!(error instanceof SluiceError) && !(error instanceof TypeError)) throw error;
  onWarning?.(`the bundle was not used: ${error.message}`);
}

/** Takes what is at an address: a bundle, or all or one of those that a list names. */
async function take(
  url: URL,
  options: StartOptions,
  depth: number,
  requests: { left: number },
): Promise<Start> {
  const { connection = {}, signal } = options;
  const label = labelOf(url);
  if (requests.left-- <= 0) throw remoteLimit(label, "bundles", REQUESTS_MAX, "requests");
  const chunks = download(url, connection, signal);
  let list: Uint8Array;
  try {
    const head = await readHead(chunks);
    if (SIGNATURE.every((byte, i) => head[i] === byte)) {
      return await options.takeBundle(startedWith(head, chunks), label);
    }
    list = await readList(head, chunks, label);
  } finally {
    await chunks.return();
  }
  if (depth === 0) throw remoteLimit(label, "a list", DEPTH_MAX, "lists in each other");
  const bundles = parseBundleList(parseConfig(new TextDecoder().decode(list)), url, label);
  return await takeListed(bundles, (each) => take(each, options, depth - 1, requests), options);
}

/** Takes bundles in any order in which each finds what it stands on. */
async function takeListed(
  { urls, mode }: GitBundleList,
  takeOne: (url: URL) => Promise<Start>,
  options: StartOptions,
): Promise<Start> {
  const ids: GitObjectId[] = [];
  let count = 0;
  let open = [...urls];
  for (let before = Infinity; open.length > 0 && open.length < before;) {
    before = open.length;
    const waiting: URL[] = [];
    for (const url of open) {
      try {
        const start = await takeOne(url);
        ids.push(...start.ids);
        count += start.count;
        if (mode === "any") return { ids, count };
      } catch (error) {
        if (error instanceof SluiceError && LACKING.has(error.code)) waiting.push(url);
        else warn(error, options);
      }
    }
    open = waiting;
  }
  for (const url of open) {
    options.onWarning?.(`the bundle was not used: ${labelOf(url)} stands on what is not here`);
  }
  return { ids, count };
}

/** As many bytes as tell a bundle from a list. */
async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  let head = new Uint8Array();
  while (head.length < SIGNATURE.length) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    head = concatBytes([head, new Uint8Array(value)]);
  }
  return head;
}

async function* startedWith(
  head: Uint8Array,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head;
  yield* chunks;
}

async function readList(
  head: Uint8Array<ArrayBuffer>,
  chunks: AsyncIterable<Uint8Array>,
  label: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = [head];
  let size = head.length;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > LIST_SIZE_MAX) throw remoteLimit(label, "a list of bundles", LIST_SIZE_MAX, "bytes");
    parts.push(new Uint8Array(chunk));
  }
  return concatBytes(parts);
}
