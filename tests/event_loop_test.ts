/**
 * Long work that is awaited leaves timers and sockets their turns, on both backends.
 */
import { assert } from "@std/assert";
import { compressLz4, compressLz4Iterable, decompressLz4Async, decompressLz4Iterable } from "@sluice/lz4";
import { buildGitPackIndex, GitMemoryStore, PackStore, PackWriter } from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import { byteSourceFromBytes, hashPdiffBlocks } from "@sluice/pdiffcopy";
import { compressZpaq, createZpaqArchive, decompressZpaqAsync } from "@sluice/zpaq";
import {
  compressZstd,
  compressZstdAsync,
  compressZstdIterable,
  decompressZstdAsync,
  decompressZstdIterable,
} from "@sluice/zstd";
import { testBackends } from "./_backends.ts";
import { text } from "./_data.ts";

const MIB = 1 << 20;
const TEXT = text(48 * MIB);

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

/** Pieces that are there already, so that nothing but the work itself waits. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536);
}

const OBJECTS = 1000;

/** Blobs that overlap, so that there are deltas. */
function blob(index: number): Uint8Array {
  return TEXT.subarray(index * 9000, index * 9000 + 20_000);
}

async function packed(): Promise<{ pack: Uint8Array; index: Uint8Array; ids: GitObjectId[] }> {
  const writer = new PackWriter();
  const ids: GitObjectId[] = [];
  for (let i = 0; i < OBJECTS; i++) ids.push(await writer.add({ type: "blob", body: blob(i) }));
  return { ...await writer.finish(), ids };
}

/** What each prepares, and then does while the event loop is watched. */
const JOBS: Record<string, () => Promise<() => Promise<unknown>> | (() => Promise<unknown>)> = {
  "zstd whole value": () => () => compressZstdAsync(TEXT, { level: 6 }),
  "zstd back": () => {
    const frame = compressZstd(TEXT);
    return async () => {
      for (let i = 0; i < 5; i++) await decompressZstdAsync(frame);
    };
  },
  "zstd iterable": () => () => drain(compressZstdIterable(pieces(TEXT), { level: 6 })),
  "zstd iterable back": () => {
    const frame = compressZstd(TEXT);
    return async () => {
      for (let i = 0; i < 5; i++) await drain(decompressZstdIterable(pieces(frame)));
    };
  },
  "lz4 iterable": () => () => drain(compressLz4Iterable(pieces(TEXT), { level: 3 })),
  "lz4 back": () => {
    const frame = compressLz4(TEXT);
    return async () => {
      for (let i = 0; i < 10; i++) await decompressLz4Async(frame);
    };
  },
  "lz4 iterable back": () => {
    const frame = compressLz4(TEXT);
    return async () => {
      for (let i = 0; i < 10; i++) await drain(decompressLz4Iterable(pieces(frame)));
    };
  },
  "gitdb pack": () => async () => void (await packed()),
  "gitdb memory": () => async () => {
    const store = new GitMemoryStore();
    for (let i = 0; i < OBJECTS; i++) await store.write({ type: "blob", body: blob(i) });
  },
  "gitdb indexing": async () => {
    const { pack } = await packed();
    return async () => {
      for (let i = 0; i < 4; i++) await buildGitPackIndex(pack);
    };
  },
  "gitdb reading": async () => {
    const { pack, index, ids } = await packed();
    return async () => {
      await using store = await PackStore.fromSources([{ name: "a", pack, index }]);
      for (let i = 0; i < 30; i++) {
        for await (const batch of store.readBatches(ids)) {
          for (const result of batch) if (result.ok) await result.value.bytes();
          batch[Symbol.dispose]();
        }
      }
      for (let i = 0; i < 15; i++) for (const id of ids) await (await store.read(id)).bytes();
    };
  },
  "zpaq back": () => {
    const archive = compressZpaq(TEXT.subarray(0, MIB), { method: "3" });
    return () => decompressZpaqAsync(archive);
  },
  "zpaq archive": () => () =>
    createZpaqArchive([{ name: "a", body: TEXT.subarray(0, 8 * MIB) }], { method: "3" }),
  "pdiffcopy hashes": () => () =>
    drain(hashPdiffBlocks(byteSourceFromBytes(new Uint8Array(512 * MIB)), { hash: "sha256", threads: 1 })),
};

/** A block of ZPAQ is compressed in one call, which has no thread of its own on WASM. */
const IN_ONE_CALL: ReadonlySet<string> = new Set(["zpaq archive [wasm]"]);

for (const [name, prepare] of Object.entries(JOBS)) {
  testBackends(`the event loop turns during: ${name}`, async (backend) => {
    if (IN_ONE_CALL.has(`${name} [${backend}]`)) return;
    const work = await prepare();
    const found: string[] = [];
    // Long jobs need a turn each 300 ms. A loop that gets none gets none however often; one that a busy machine holds
    // up has them the next time.
    for (let attempt = 0; attempt < 3; attempt++) {
      const { turns, whole } = await turnsDuring(work);
      if (whole < 300 || turns >= Math.max(3, whole / 300)) return;
      found.push(`${turns} turns in ${whole} ms`);
    }
    throw new Error(`Cannot run beside timers: ${found.join(", ")}`);
  });
}

async function turnsDuring(work: () => Promise<unknown>): Promise<{ turns: number; whole: number }> {
  let turns = 0;
  const started = performance.now();
  const timer = setInterval(() => turns++, 1);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return { turns, whole: performance.now() - started };
}

testBackends("sockets have their turns while streams run", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using connection = await listener.accept();
    for await (const _ of connection.readable) await connection.write(new Uint8Array(1));
  })().catch(() => {});
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  let [answers, running] = [0, true];
  const asking = (async () => {
    while (running) {
      await connection.write(new Uint8Array(1));
      await connection.read(new Uint8Array(1));
      answers++;
    }
  })();
  const frame = compressZstd(TEXT);
  // A loop that starves sockets lets one through in two seconds; a busy machine has fewer turns, not none.
  const started = performance.now();
  while (answers < 10 && performance.now() - started < 10_000) {
    await drain(decompressZstdIterable(pieces(frame)));
  }
  running = false;
  await asking;
  connection.close();
  listener.close();
  await serving;
  assert(answers >= 10, `${answers} answers`);
});
