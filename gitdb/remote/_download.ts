/**
 * Files of any server: bundles, and packs that a server names by their addresses.
 */
import { untilAborted } from "@sluice/internal";
import { labelOf, STALL_TIMEOUT_MS, stallState, statusFault, transferFault } from "./_remote_faults.ts";

/** How a file is had; what is left out is as for a repository. */
export interface DownloadSettings {
  readonly fetch?: typeof fetch | undefined;
  readonly stallTimeoutMs?: number | undefined;
}

/**
 * The chunks of the file at `url`; the answer, and each chunk of it, has to come in time. Credentials are not sent: they
 * are for the server of the repository.
 */
export async function* download(
  url: URL,
  { fetch = globalThis.fetch, stallTimeoutMs = STALL_TIMEOUT_MS }: DownloadSettings,
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
