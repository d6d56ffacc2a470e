/**
 * The content of one file as a stream.
 */
import type { IndexedFile } from "./_index_facts.ts";
import type { BlockStore } from "./_block_store.ts";
import { limitFault } from "../zpaql/_fault.ts";

/** The parts of a file's content, one by one. */
export async function* contentOf(
  store: BlockStore,
  file: IndexedFile,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  for (const { block, segment } of file.segments) yield (await store.segments(block))[segment]!;
  for (const id of file.fragments) {
    const block = store.find(id);
    if (block === undefined) throw store.missing(id);
    yield store.fragment(block, await store.content(block), id);
  }
}

/** As `contentOf`, up to the limit of output. */
async function* limitedContentOf(
  store: BlockStore,
  file: IndexedFile,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let given = 0;
  for await (const bytes of contentOf(store, file)) {
    given += bytes.length;
    if (given > store.maxOutputSize) {
      throw limitFault("OUTPUT_LIMIT", 0, "the file is larger", store.maxOutputSize);
    }
    yield bytes;
  }
}

/** A stream of a file's content, decoded as it is read. */
export function fileStream(store: BlockStore, file: IndexedFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  const parts = limitedContentOf(store, file);
  return new ReadableStream({
    type: "bytes",
    async pull(controller): Promise<void> {
      while (true) {
        const { done, value } = await parts.next();
        if (done) {
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        if (value.length === 0) continue;
        // The block may be read again for another file.
        controller.enqueue(value.slice());
        return;
      }
    },
    async cancel(): Promise<void> {
      await parts.return();
    },
  });
}
