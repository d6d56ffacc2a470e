import { backendInfo, BackendModule, configureBackend, liveHandleCount } from "@sluice/ffi";
import { ZstdDecoderKernel } from "../zstd/kernel/decoder.ts";
import { ZstdEncoderDictionary, ZstdEncoderKernel } from "../zstd/kernel/encoder.ts";
import { ZSTD_DECODE_MODULE } from "../zstd/kernel/_abi/zstd_decode.gen.ts";
import { GitStoreKernel } from "../gitdb/kernel/store.ts";
import { GitJobKernel } from "../gitdb/kernel/job.ts";
import { BackendUnavailableError } from "@sluice/internal";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BACKENDS } from "../tests/_backends.ts";
import { nativeLibraryPath } from "./_resolve.ts";
import { WASM_MODULE_NAMES } from "./_wasm_modules.ts";
import { wasmOfText } from "./_wasm_text.ts";
import { WASM_TEXT as ZSTD_DECODE } from "../zstd/kernel/_wasm/zstd_decode.gen.ts";
import { WASM_TEXT as ZSTD_ENCODE } from "../zstd/kernel/_wasm/zstd_encode.gen.ts";

const NATIVE = BACKENDS.includes("native");
const OPTIONS = { maxMemory: 0, backend: undefined, parameters: new Int32Array() };

/** Runs a program that prints the backend it got, with just these permissions. */
async function backendWith(...permissions: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      ...permissions,
      new URL("../tests/_print_backend.ts", import.meta.url).pathname,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("without permissions WASM runs, and the reason is told", async () => {
  const output = await backendWith();
  assertStringIncludes(output, "wasm: 5 bytes decoded");
  assertStringIncludes(output, "no FFI permission");
});

Deno.test("--allow-ffi for the library's path alone is enough for native", { ignore: !NATIVE }, async () => {
  assertStringIncludes(await backendWith(`--allow-ffi=${nativeLibraryPath()}`), "native: 5 bytes decoded");
  assertStringIncludes(await backendWith("--allow-ffi=/nowhere/lib.so"), "wasm: 5 bytes decoded");
});

Deno.test(
  "a call can name its backend, and configureBackend sets it for all others",
  { ignore: !NATIVE },
  () => {
    try {
      for (const choice of ["wasm", "native"] as const) {
        configureBackend(choice);
        assertEquals(backendInfo().kind, choice);
        using configured = new ZstdDecoderKernel(OPTIONS);
        assertEquals(configured.backend, choice);
        using named = new ZstdDecoderKernel({ ...OPTIONS, backend: choice === "wasm" ? "native" : "wasm" });
        assert(named.backend !== choice);
      }
    } finally {
      configureBackend("auto");
    }
    assertThrows(() => configureBackend("gpu" as "wasm"), RangeError, "expected one of auto, native, wasm");
  },
);

Deno.test("every WASM module has no imports and exports its functions", () => {
  for (const text of [ZSTD_DECODE, ZSTD_ENCODE]) {
    const module = new WebAssembly.Module(wasmOfText(text));
    assertEquals(WebAssembly.Module.imports(module), []);
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    assert(names.includes("memory") && names.includes("sluice_abi_hash"));
    assertEquals(names.filter((name) => name !== "memory" && !name.startsWith("sluice_")), []);
  }
});

Deno.test("a closed context is freed once and counted", () => {
  for (const backend of BACKENDS) {
    const before = liveHandleCount();
    const kernel = new ZstdEncoderKernel({ maxMemory: 0, backend });
    assertEquals(liveHandleCount(), before + 1);
    kernel.close();
    kernel.close();
    assertEquals(liveHandleCount(), before);
    assertThrows(() => kernel.memoryUsage, TypeError, "closed");
  }
});

Deno.test("positions that make no slice are refused on both backends", () => {
  for (const backend of BACKENDS) {
    using kernel = new ZstdDecoderKernel({ ...OPTIONS, backend });
    const bytes = new Uint8Array(8);
    assert(kernel.step(bytes, 0, 8, bytes, 0, 8) < 0);
  }
  if (!NATIVE) return;
  using kernel = new ZstdDecoderKernel({ ...OPTIONS, backend: "native" });
  assertEquals(kernel.step(new Uint8Array(8), 5, 4, new Uint8Array(8), 0, 8), -4);
});

Deno.test("an instance of WASM that grew large goes with its last context", () => {
  const content = new Uint8Array(1 << 20);
  const first = new ZstdEncoderKernel({ maxMemory: 0, backend: "wasm" });
  first.configure(new Int32Array([100, 19]));
  first.compress(content, new Uint8Array(2 << 20), 0);
  assert(first.instanceBytes > 32 << 20, `${first.instanceBytes}`);
  first.close();
  using second = new ZstdEncoderKernel({ maxMemory: 0, backend: "wasm" });
  assert(second.instanceBytes < 8 << 20, `${second.instanceBytes}`);
});

Deno.test("handles that nobody closes do not fill the memory of WASM, even without a turn of the event loop", () => {
  const content = new Uint8Array(100_000);
  for (let i = 0; i < 2500; i++) {
    const kernel = new ZstdEncoderKernel({ maxMemory: 0, backend: "wasm" });
    kernel.compress(content, new Uint8Array(1000), 0);
    assert(kernel.instanceBytes < 300 << 20, `${kernel.instanceBytes} after ${i}`);
  }
});

Deno.test("what was made from an object keeps it, in whatever order they are closed", () => {
  for (const backend of BACKENDS) {
    const before = liveHandleCount();
    const store = new GitStoreKernel({ hashSize: 20, pageBudget: 1 << 20, cacheBudget: 1 << 20, backend });
    const job = new GitJobKernel(store, { ids: new Uint8Array(20), flags: 0, threads: 1 });
    assertEquals(store.providedFile(1000), 0);
    assert(store.removeFile(store.detail) < 0, "a file is not removed under a job");
    store.close();
    assertEquals(liveHandleCount(), before + 2);
    assertThrows(() => store.needs(), TypeError, "closed");
    assertEquals(job.needs().length, 0);
    assertThrows(() => new GitJobKernel(store, { ids: new Uint8Array(20), flags: 0, threads: 1 }), TypeError);
    job.close();
    assertEquals(liveHandleCount(), before);
  }
});

Deno.test("a dictionary stays as long as a context refers to it", () => {
  for (const backend of BACKENDS) {
    const before = liveHandleCount();
    const kernel = new ZstdEncoderKernel({ maxMemory: 0, backend });
    const parameters = new Int32Array([100, 3]);
    kernel.configure(parameters);
    const dictionary = new ZstdEncoderDictionary(kernel, new Uint8Array(1000).fill(7), 1, parameters);
    kernel.useDictionary(dictionary);
    dictionary.close();
    assertEquals(liveHandleCount(), before + 2);
    kernel.compress(new Uint8Array(1000).fill(7), new Uint8Array(2000), 0);
    kernel.close();
    assertEquals(liveHandleCount(), before);
  }
});

Deno.test("handles that are forgotten are freed by the collector, children before parents", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--v8-flags=--expose-gc",
      new URL("../tests/_forgotten_handles.ts", import.meta.url).pathname,
    ],
  }).output();
  const lines = BACKENDS.map((backend) => `${backend}: 100 made, 0 left\n`).join("");
  assertEquals(new TextDecoder().decode(stdout), lines, new TextDecoder().decode(stderr));
});

Deno.test("asking for a native library that can not be had is an error with the reason", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", new URL("../tests/_print_backend.ts", import.meta.url).pathname, "native"],
  }).output();
  assertStringIncludes(new TextDecoder().decode(stdout), `${BackendUnavailableError.name} NO_PERMISSION`);
});

Deno.test("a module that the host does not compile is taken from the program", () => {
  const description = { ...ZSTD_DECODE_MODULE };
  const embedded = new BackendModule(description, "00");
  const error = assertThrows(() => embedded.open("wasm"), BackendUnavailableError, "@sluice/zstd/decode-js");
  assertEquals(error.code, "WASM_FORBIDDEN");

  configureBackend({ modules: { zstd_decode: new WebAssembly.Module(wasmOfText(ZSTD_DECODE)) } });
  assertEquals(embedded.open("wasm").kind, "wasm");
  const instantiate = (): WebAssembly.Exports =>
    new WebAssembly.Instance(new WebAssembly.Module(wasmOfText(ZSTD_DECODE))).exports;
  configureBackend({ modules: { zstd_decode: instantiate } });
  assertEquals(new BackendModule(description, "00").open("wasm").kind, "wasm");
  const other = new WebAssembly.Module(wasmOfText(ZSTD_ENCODE));
  configureBackend({ modules: { zstd_decode: other } });
  const mismatch = assertThrows(
    () => new BackendModule(description, "00").open("wasm"),
    BackendUnavailableError,
  );
  assertEquals(mismatch.code, "ABI_MISMATCH");
  configureBackend({ modules: { zstd_decode: new WebAssembly.Module(wasmOfText(ZSTD_DECODE)) } });
  assertEquals(new BackendModule(description, other).open("wasm").kind, "wasm");
});

Deno.test("a wrong module is refused, and nothing of the call is done", () => {
  const before = backendInfo().kind;
  const configure = configureBackend as (options: unknown) => void;
  assertThrows(
    () => configure({ backend: "wasm", modules: { zstd: () => ({}) } }),
    RangeError,
    "zstd_decode",
  );
  assertThrows(
    () => configure({ backend: "wasm", modules: { zstd_decode: "x" } }),
    TypeError,
    "no WebAssembly",
  );
  assertThrows(() => configure({ module: {} }), TypeError, "module");
  assertThrows(() => configure({ backend: "fast" }), RangeError, "fast");
  assertThrows(() => configure(undefined), TypeError);
  assertEquals(backendInfo().kind, before);
});

Deno.test("every embedded module has a name for a form of its own", async () => {
  const names: string[] = [];
  for (const module of ["gitdb", "lz4", "pdiffcopy", "zpaq", "zstd"]) {
    for await (const { name } of Deno.readDir(new URL(`../${module}/kernel/_wasm`, import.meta.url))) {
      if (!name.includes(".javascript.")) names.push(name.replace(".gen.ts", ""));
    }
  }
  assertEquals(names.sort(), [...WASM_MODULE_NAMES]);
});
