/**
 * Long work that is awaited leaves timers and sockets their turns, on both backends: the longest time without one is a
 * small part of the whole.
 */
import { assert } from "@std/assert";
import { compressLz4, compressLz4Iterable, decompressLz4Async, decompressLz4Iterable } from "@sluice/lz4";
import { GitMemoryStore, PackWriter } from "@sluice/gitdb";
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
import { Random, text } from "./_data.ts";

const MIB = 1 << 20;
const TEXT = text(48 * MIB);
const NOISE = new Random(4).bytes(4 * MIB);

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

/** Pieces that are there already, so that nothing but the work itself waits. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536);
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
  "lz4 iterable": () => () => drain(compressLz4Iterable(pieces(TEXT), { level: 9 })),
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
  "gitdb pack": () => async () => {
    const writer = new PackWriter();
    for (let i = 0; i < 3000; i++) await writer.add({ type: "blob", body: TEXT.subarray(i * 9000, i * 9000 + 20_000) });
    await writer.finish();
  },
  "gitdb memory": () => async () => {
    const store = new GitMemoryStore();
    for (let i = 0; i < 3000; i++) await store.write({ type: "blob", body: TEXT.subarray(i * 9000, i * 9000 + 20_000) });
  },
  "zpaq back": () => {
    const archive = compressZpaq(TEXT.subarray(0, MIB), { method: "3" });
    return () => decompressZpaqAsync(archive);
  },
  "zpaq archive": () => () => createZpaqArchive([{ name: "a", body: TEXT.subarray(0, MIB) }], { method: "3" }),
  "pdiffcopy hashes": () => () => drain(hashPdiffBlocks(byteSourceFromBytes(new Uint8Array(512 * MIB)), { hash: "sha256", threads: 1 })),
};

for (const [name, prepare] of Object.entries(JOBS)) {
  testBackends(`the event loop turns during: ${name}`, async () => {
    const work = await prepare();
    let longest = 0;
    let last = performance.now();
    const tick = (): void => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    };
    const started = last;
    const timer = setInterval(tick, 1);
    try {
      await work();
    } finally {
      clearInterval(timer);
    }
    tick();
    const whole = last - started;
    console.log(name, Math.round(longest), "of", Math.round(whole));
    assert(longest < Math.max(100, whole / 4), `${longest} ms of ${whole} ms without a turn`);
  });
}
void NOISE;
