/**
 * Content cut into blocks.
 */
import type { BlockRequest } from "./_block_encoder.ts";
import type { CompressSettings } from "./_compress_options.ts";

/** The block of one piece of content; the first has the name. */
export function requestOf(data: Uint8Array, settings: CompressSettings, first: boolean): BlockRequest {
  const comment = settings.comment === "" ? `${data.length}` : `${data.length} ${settings.comment}`;
  return { ...settings, data, comment, filename: first ? settings.filename : "" };
}

/** The blocks of a whole value: one at least. */
export function requestsOf(data: Uint8Array, settings: CompressSettings): BlockRequest[] {
  const requests: BlockRequest[] = [];
  let at = 0;
  do {
    requests.push(requestOf(data.subarray(at, at + settings.blockSize), settings, at === 0));
    at += settings.blockSize;
  } while (at < data.length);
  return requests;
}
