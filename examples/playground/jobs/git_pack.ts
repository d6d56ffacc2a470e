/**
 * Packs of git without a repository around them.
 */
import {
  buildGitPackIndex,
  byteSourceFromBlob,
  byteSourceFromBytes,
  PackStore,
  PackWriter,
} from "@sluice/gitdb";
import type { Bytes } from "./messages.ts";
import { chunksOf } from "./streams.ts";

const encoder = new TextEncoder();

/** Opens a pack; its index is made first. */
export async function openPack(file: Blob): Promise<PackStore> {
  const pack = byteSourceFromBlob(file);
  const { index } = await buildGitPackIndex(pack);
  return await PackStore.fromSources([{ name: "pack", pack, index: byteSourceFromBytes(index) }]);
}

/** A pack with one blob. */
export async function* packOf(file: Blob, level: number): AsyncGenerator<Bytes> {
  const writer = new PackWriter({ level });
  await writer.add({ type: "blob", body: new Uint8Array(await file.arrayBuffer()) });
  yield (await writer.finish()).pack;
}

/** All objects as `git cat-file --batch` prints them: a line with id, type and size, the content, an empty line. */
export async function* unpack(file: Blob): AsyncGenerator<Bytes> {
  const store = await openPack(file);
  try {
    for await (const { id, type, size } of store.packs[0]!.list()) {
      yield encoder.encode(`${id} ${type} ${size}\n`);
      yield* chunksOf((await store.read(id)).body);
      yield encoder.encode("\n");
    }
  } finally {
    store.close();
  }
}
