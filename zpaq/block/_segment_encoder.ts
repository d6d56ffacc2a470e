/**
 * The data of a block's segments, coded by the kernel; or transformed there as for a block without a model, and coded by a
 * network that was compiled for the header.
 */
import type { BackendChoice } from "@sluice/ffi";
import { RESULT, ZpaqEncoderKernel } from "../kernel/encoder.ts";
import { compilesNetwork } from "./_compilation.ts";
import { parseHeader } from "../zpaql/_header_parser.ts";
import { OUTPUT_SIZE } from "../zpaql/_network_layout.ts";
import { NETWORK_FAULTS, NetworkRunner, storedHeader } from "./_network_runner.ts";
import type { ZpaqProgramCompilation } from "./decompress_options.ts";

const OUTPUT_CHUNK_MIN = 4096;
const OUTPUT_CHUNK_MAX = 4 << 20;
/** Room that the kernel asks for. */
const TARGET_SIZE_MIN = 64;
/** Bytes of the size before a piece of stored data. */
const SIZE_BYTES = 4;
const NO_LIMIT = 2 ** 60;

/** How a block is coded. */
export interface EncoderSettings {
  /** 0 for no limit. */
  readonly maxMemory: number;
  readonly backend: BackendChoice | undefined;
  readonly compilePrograms: ZpaqProgramCompilation;
}

/** Starts a kernel for a block; where that fails it is closed. */
function begin(kernel: ZpaqEncoderKernel, header: Uint8Array): ZpaqEncoderKernel {
  const result = kernel.begin(header, NO_LIMIT);
  if (result >= 0) return kernel;
  kernel.close();
  throw kernel.error(result, "compress a ZPAQ block");
}

/** A kernel for a block. */
export function openEncoder(
  header: Uint8Array,
  maxMemory: number,
  backend: BackendChoice | undefined,
): ZpaqEncoderKernel {
  return begin(new ZpaqEncoderKernel({ maxMemory, backend }), header);
}

/** The segments of one block. */
export class SegmentEncoder {
  readonly #kernel: ZpaqEncoderKernel;
  readonly #network: NetworkRunner | undefined;
  /** What is left of a piece of stored data. */
  #left = 0;

  /** Starts a block; the size is that of all its segments. */
  constructor(header: Uint8Array, size: number, settings: EncoderSettings) {
    const { maxMemory, backend, compilePrograms } = settings;
    const parsed = parseHeader(header, 0);
    const kernel = new ZpaqEncoderKernel({ maxMemory, backend });
    if (compilesNetwork(compilePrograms, parsed, size, kernel.backend)) {
      const limits = { budget: NO_LIMIT, maxMemory: maxMemory === 0 ? Infinity : maxMemory };
      this.#network = NetworkRunner.create(parsed, header, "encode", limits, undefined);
    }
    this.#kernel = begin(kernel, this.#network === undefined ? header : storedHeader(parsed));
  }

  /** Codes one segment. */
  encode(prefix: Uint8Array, data: Uint8Array, numbers: Uint32Array): Uint8Array<ArrayBuffer>[] {
    this.#check(this.#kernel.segment(prefix, data, numbers));
    const output: Uint8Array<ArrayBuffer>[] = [];
    for (let result: number = RESULT.OUTPUT_PENDING; result !== RESULT.FRAME_END;) {
      const target = this.#target(data.length);
      this.#check(result = this.#kernel.run(target, 0, target.length));
      this.#take(target, output);
    }
    return output;
  }

  /** As `encode`, off the event loop where the backend can. */
  async encodeAsync(
    prefix: Uint8Array,
    data: Uint8Array,
    numbers: Uint32Array,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    this.#check(await this.#kernel.segmentAsync(prefix, data, numbers));
    const output: Uint8Array<ArrayBuffer>[] = [];
    for (let result: number = RESULT.OUTPUT_PENDING; result !== RESULT.FRAME_END;) {
      const target = this.#target(data.length);
      this.#check(result = await this.#kernel.runAsync(target, 0, target.length));
      this.#take(target, output);
    }
    return output;
  }

  /** The network that codes; undefined where the kernel does. */
  get network(): NetworkRunner | undefined {
    return this.#network;
  }

  close(): void {
    this.#kernel.close();
  }

  #check(result: number): void {
    if (result < 0) throw this.#kernel.error(result, "compress a ZPAQ block");
  }

  /** Where the kernel writes next; a network takes no more than a call of it should work on. */
  #target(size: number): Uint8Array<ArrayBuffer> {
    if (this.#network !== undefined) {
      return new Uint8Array(Math.max(this.#network.pace + SIZE_BYTES, TARGET_SIZE_MIN));
    }
    return new Uint8Array(Math.min(Math.max(size >>> 1, OUTPUT_CHUNK_MIN), OUTPUT_CHUNK_MAX));
  }

  /** Takes over what the kernel wrote. */
  #take(target: Uint8Array<ArrayBuffer>, output: Uint8Array<ArrayBuffer>[]): void {
    const written = target.subarray(0, this.#kernel.produced);
    if (this.#network === undefined) output.push(written);
    else this.#codeStored(this.#network, written, output);
  }

  /** Codes pieces of stored data, whose sizes stand whole before them. */
  #codeStored(
    network: NetworkRunner,
    stored: Uint8Array<ArrayBuffer>,
    output: Uint8Array<ArrayBuffer>[],
  ): void {
    const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
    for (let at = 0; at < stored.length;) {
      if (this.#left === 0) {
        this.#left = view.getUint32(at);
        at += SIZE_BYTES;
        if (this.#left === 0) output.push(network.finish());
        continue;
      }
      const end = Math.min(at + this.#left, stored.length);
      this.#check(NETWORK_FAULTS[network.run(stored, at, end, OUTPUT_SIZE, false)] ?? RESULT.OK);
      at += network.consumed;
      this.#left -= network.consumed;
      output.push(network.produced.slice());
    }
  }
}
