/**
 * A bundle from a server of files.
 */
import { untilAborted } from "@sluice/internal";
import { labelOf, STALL_TIMEOUT_MS, stallState, statusFault, transferFault } from "./_remote_faults.ts";
import type { GitRemoteOptions } from "./remote.ts";

/** The chunks of the bundle at `url`; the answer, and each chunk of it, has to come in time. */
export async function* downloadBundle(
  url: URL,
  { fetch = globalThis.fetch, stallTimeoutMs = STALL_TIMEOUT_MS }: GitRemoteOptions,
  given: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stalled = new AbortController();
  const signal = given === undefined ? stalled.signal : AbortSignal.any([given, stalled.signal]);
  const inTime = async <T>(pending: Promise<T>, what: string): Promise<T> => {
    const fault = transferFault(labelOf(url), stallState(what, stallTimeoutMs), "TIMEOUT");
    const timer = setTimeout(() => stalled.abort(fault), stallTimeoutMs);
    try {
      return await untilAborted(pending, signal);
    } finally {
      clearTimeout(timer);
    }
  };
  const response = await inTime(fetch(url, { signal }), "no answer");
  const reader = response.body?.getReader();
  try {
    if (response.status !== 200 || reader === undefined) throw statusFault(labelOf(url), response.status);
    while (true) {
      const { value, done } = await inTime(reader.read(), "nothing");
      if (done) return;
      yield value;
    }
  } finally {
    await reader?.cancel().catch(() => {}); // it is over in any case
  }
}
