/**
 * Whatever is given to a method of an object, and whatever is asked of an object that is closed, is answered or is an
 * error of the family: a table over every public class, its methods and values of all kinds.
 */
import { assert, assertEquals } from "@std/assert";
import { GitObjectId } from "@sluice/gitdb";
import type { GitRepository } from "@sluice/gitdb";
import type { Lz4Archive, Lz4CheckpointableDecompressor, Lz4Decoder } from "@sluice/lz4";
import type { ZpaqArchive } from "@sluice/zpaq";
import type { ZpaqBackup } from "@sluice/zpaq/backup";
import { SluiceError } from "@sluice/zstd";
import type { ZstdLog } from "@sluice/zstd/log";
import type { ZstdSeekableReader } from "@sluice/zstd/seekable";
import { testInDirectory } from "./_directory.ts";
import { EXPORTS, gettersOf, methodsOf, NOT_OPENED, OPENED } from "./_opened_objects.ts";

/** Every value at every place of the arguments in the long form, one in seven in the short one. */
const EVERY = Deno.env.get("SLUICE_LONG") === "1" ? 1 : 7;

/** What the language says where nobody checked. */
const NATURAL =
  /FFI|Cannot read properties|is not a function|not iterable|Cannot convert|is not a constructor|of undefined|of null|Cannot destructure/;

/** No call with so little to do takes so long. */
const STALL_MS = 10_000;

/** Values that a caller's mistake gives. */
const HOSTILE: readonly (readonly [what: string, value: unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["a symbol", Symbol("junk")],
  ["not a number", NaN],
  ["a negative number", -1],
  ["a fraction", 0.5],
  ["a number beyond 2^53", 2 ** 60],
  ["a bigint", 5n],
  ["a text", "junk"],
  ["an object without members", {}],
  ["an option that is none", { unknown: 1 }],
  ["a list of what is none", [null]],
  ["a function", () => 1],
  ["no bytes", new Uint8Array()],
  ["junk", new Uint8Array(300).map((_, i) => i * 73 + 5)],
  ["an aborted signal", { signal: AbortSignal.abort(new DOMException("stop", "AbortError")) }],
];

/** The value at every place of up to three arguments. */
function placesOf(value: unknown): unknown[][] {
  return [[value], [value, value], [new Uint8Array(10), value], [0, value], [0, 1, value]];
}

function isTyped(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === "AbortError";
  if (error instanceof TypeError || error instanceof RangeError) return !NATURAL.test(error.message);
  return error instanceof SluiceError && typeof error.code === "string";
}

/** Runs a call to the first thing that it gives; the error, or undefined. */
async function errorOf(call: () => unknown): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stalled = new Promise<unknown>((resolve) => {
    timer = setTimeout(() => resolve(new Error(`nothing after ${STALL_MS} ms`)), STALL_MS);
  });
  const run = async (): Promise<unknown> => {
    try {
      const result = await call() as Partial<AsyncGenerator & ReadableStream & AsyncDisposable & Disposable>;
      if (typeof result?.next === "function" && typeof result.return === "function") {
        await result.next();
        await result.return(undefined);
      } else if (typeof result?.getReader === "function") {
        const reader = result.getReader();
        await reader.read();
        await reader.cancel();
      } else await end(result);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  const error = await Promise.race([run(), stalled]);
  clearTimeout(timer);
  return error;
}

async function end(object: unknown): Promise<void> {
  const opened = object as Partial<AsyncDisposable & Disposable> | null | undefined;
  if (typeof opened !== "object" || opened === null) return;
  if (typeof opened[Symbol.asyncDispose] === "function") await opened[Symbol.asyncDispose]!();
  else if (typeof opened[Symbol.dispose] === "function") opened[Symbol.dispose]!();
}

Deno.test("every public class has an object in the table", () => {
  const classes = EXPORTS.flatMap((module) => Object.entries(module)).filter(([name, value]) =>
    typeof value === "function" && value.toString().startsWith("class") && !NOT_OPENED.test(name)
  ).map(([name]) => name);
  assertEquals([...new Set(classes)].filter((name) => OPENED[name] === undefined), []);
});

let calls = 0;

for (const [name, make] of Object.entries(OPENED)) {
  testInDirectory(
    `${name}: whatever its methods are given is an error of the family or has an answer`,
    async (directory) => {
      const faults: string[] = [];
      const sample = await make(directory) as object;
      const methods = methodsOf(sample);
      await end(sample);
      let turn = 0;
      for (const method of methods) {
        for (const [what, value] of HOSTILE) {
          for (const values of placesOf(value)) {
            if (turn++ % EVERY !== 0) continue;
            const object = await make(directory) as Record<string, (...values: unknown[]) => unknown>;
            const error = await errorOf(() => object[method]!(...values));
            calls++;
            if (error !== undefined && !isTyped(error)) {
              faults.push(`${method}(${"…, ".repeat(values.length - 1)}${what}): ${error}`);
            }
            const ended = await errorOf(() => end(object));
            if (ended !== undefined && !isTyped(ended)) faults.push(`${method}, then the end: ${ended}`);
          }
        }
      }
      assertEquals(faults, []);
    },
  );

  testInDirectory(`${name}: once closed, it answers or says that it is closed`, async (directory) => {
    const faults: string[] = [];
    const sample = await make(directory) as object;
    for (const getter of gettersOf(sample)) {
      const error = await errorOf(() => (sample as Record<string, unknown>)[getter]);
      if (error !== undefined && !isTyped(error)) faults.push(`${getter} while it is open: ${error}`);
    }
    await end(sample);
    for (const method of methodsOf(sample)) {
      for (const values of [[], [new Uint8Array(10)], [0], ["a"]]) {
        const error = await errorOf(() =>
          (sample as Record<string, (...values: unknown[]) => unknown>)[method]!(...values)
        );
        calls++;
        if (error !== undefined && !isTyped(error)) faults.push(`${method}: ${error}`);
      }
    }
    for (const getter of gettersOf(sample)) {
      const error = await errorOf(() => (sample as Record<string, unknown>)[getter]);
      calls++;
      if (error !== undefined && !isTyped(error)) faults.push(`${getter}: ${error}`);
    }
    const again = await errorOf(() => end(sample));
    if (again !== undefined) faults.push(`closed twice: ${again}`);
    assertEquals(faults, []);
  });
}

const SIGNATURE = { name: "A", email: "a@example.test", date: new Date(0), timezone: "+0000" };

/** Methods with options, called with one that is none. */
const WITH_OPTIONS: Readonly<Record<string, (object: never, options: never, directory: string) => unknown>> =
  {
    "ZstdSeekableReader.read": (reader: ZstdSeekableReader, options) => reader.read(0, 1, options),
    "ZstdSeekableReader.readFrame": (reader: ZstdSeekableReader, options) => reader.readFrame(0, options),
    "ZstdSeekableReader.stream": (reader: ZstdSeekableReader, options) => reader.stream(0, 1, options),
    "ZstdSeekableReader.verify": (reader: ZstdSeekableReader, options) => reader.verify(options),
    "ZstdLog.lines": (log: ZstdLog, options) => log.lines(options).next(),
    "Lz4Archive.stream": (archive: Lz4Archive, options) => archive.stream(0, 1, options).next(),
    "Lz4Archive.lines": (archive: Lz4Archive, options) => archive.lines(0, 1, options).next(),
    "Lz4Decoder.checkpoint": (decoder: Lz4Decoder, options) => decoder.checkpoint(options),
    "Lz4CheckpointableDecompressor.checkpoint": (object: Lz4CheckpointableDecompressor, options) =>
      object.checkpoint(options),
    "Lz4CheckpointableDecompressor.marshal": (object: Lz4CheckpointableDecompressor, options) =>
      object.marshal(options),
    "GitRepository.files": (repository: GitRepository, options) => repository.files("HEAD", options).next(),
    "GitRepository.references": (repository: GitRepository, options) =>
      repository.references("refs/", options).next(),
    "GitRepository.history": (repository: GitRepository, options) =>
      repository.history("HEAD", options).next(),
    "GitRepository.updateRef": (repository: GitRepository, options) =>
      repository.updateRef("refs/heads/a", GitObjectId.zero(), options),
    "GitRepository.commit": (repository: GitRepository, options: object) =>
      repository.commit("a", {}, { author: SIGNATURE, message: "", ...options } as never),
    "ZpaqArchive.entries": (archive: ZpaqArchive, options) => archive.entries(options),
    "ZpaqArchive.extract": (archive: ZpaqArchive, options) => archive.extract([], options).next(),
    "ZpaqArchive.repack": (archive: ZpaqArchive, options) =>
      archive.repack({ write() {}, rewrite() {} }, options),
    "ZpaqBackup.entries": (backup: ZpaqBackup, options) => backup.entries([], options),
    "ZpaqBackup.addFolder": (backup: ZpaqBackup, options, directory) => backup.addFolder(directory, options),
    "ZpaqBackup.add": (backup: ZpaqBackup, options, directory) => backup.add([directory], options),
    "ZpaqBackup.repackTo": (backup: ZpaqBackup, options, directory) =>
      backup.repackTo(`${directory}/r`, [], options),
    "ZpaqBackup.writeIndexTo": (backup: ZpaqBackup, options, directory) =>
      backup.writeIndexTo(`${directory}/i`, options),
    "ZpaqBackup.restore": (backup: ZpaqBackup, options) => backup.restore("a", options),
    "ZpaqBackup.verify": (backup: ZpaqBackup, options) => backup.verify([], options),
    "ZpaqBackup.check": (backup: ZpaqBackup, options) => backup.check(options),
  };

testInDirectory(
  "a method with an option that is not known throws a TypeError that names it",
  async (directory) => {
    const faults: string[] = [];
    for (const [name, call] of Object.entries(WITH_OPTIONS)) {
      const object = await OPENED[name.split(".")[0]!]!(directory) as never;
      const error = await errorOf(() => call(object, { unknown: 1 } as never, directory));
      if (!(error instanceof TypeError && error.message.includes('"unknown"'))) {
        faults.push(`${name}: ${error}`);
      }
      await end(object);
    }
    assertEquals(faults, []);
  },
);

Deno.test("the table of opened objects holds as many calls as is said", () => {
  console.log(`opened objects: ${Object.keys(OPENED).length} classes, ${calls} calls`);
  assert(calls > 3000);
});
