/**
 * The requests of protocol 1 for one file.
 */
import { SluiceError } from "@sluice/internal";
import { newTable } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { retrying } from "../file/_retry.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import type { HttpPeer } from "./_http.ts";
import { HashLines } from "./_v1_lines.ts";

/** A file on a server of protocol 1. */
export class FileV1 {
  readonly peer: HttpPeer;
  readonly path: string;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;

  constructor(peer: HttpPeer, path: string, retry: RetryPolicy, signal: AbortSignal | undefined) {
    this.peer = peer;
    this.path = path;
    this.retry = retry;
    this.signal = signal;
  }

  /** The size; undefined when there is no such file. */
  async size(): Promise<number | undefined> {
    try {
      const found = await retrying(
        this.retry,
        this.signal,
        () => this.peer.json("GET", "/info", { filename: this.path }),
      );
      if (typeof found.size === "number" && Number.isSafeInteger(found.size) && found.size >= 0) {
        return found.size;
      }
      throw failure(
        "PROTOCOL",
        `Cannot read the answer to ${this.peer.origin}/info: the size is ${String(found.size)}`,
      );
    } catch (error) {
      if (error instanceof SluiceError && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
  }

  /** Digests of the whole file. */
  async hashes(size: number, { blockSize, hash }: Table, concurrency: number): Promise<HashLines> {
    if (size === 0) return new HashLines(newTable(0, blockSize, hash), 0);
    return await retrying(this.retry, this.signal, async () => {
      const lines = new HashLines(newTable(size, blockSize, hash), size);
      const query = { block_size: blockSize, concurrency, method: hash.name, filename: this.path };
      const answer = await this.peer.request("GET", "/hashes", query);
      const decoder = new TextDecoder();
      try {
        for await (const part of answer.response.body ?? []) {
          answer.alive();
          this.peer.bytesIn += part.length;
          lines.push(decoder.decode(part, { stream: true }));
        }
        lines.finish();
        return lines;
      } catch (error) {
        throw this.peer.explain(error, "/hashes");
      } finally {
        answer.done();
      }
    });
  }

  /** Reads a block, which may be shorter where `least` says so. */
  async readBlock(offset: number, size: number, least = size): Promise<Uint8Array<ArrayBuffer>> {
    return await retrying(this.retry, this.signal, async () => {
      const answer = await this.peer.request("GET", "/blocks", { filename: this.path, offset, size });
      const bytes = await this.peer.body(answer, "/blocks", size);
      if (bytes.length >= least) return bytes;
      const announced = answer.response.headers.get("content-length");
      const code = announced === `${bytes.length}` ? "SOURCE_CHANGED" : "TRUNCATED";
      throw failure(
        code,
        `Cannot read the block at byte ${offset} of ${this.peer.origin}${this.path}: ${bytes.length} bytes came, expected ${size}`,
        { offset },
      );
    });
  }

  async post(
    path: string,
    query: Record<string, string | number>,
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    await retrying(this.retry, this.signal, async () => {
      const answer = await this.peer.request(
        "POST",
        path,
        { filename: this.path, ...query },
        body ?? new Uint8Array(),
      );
      await this.peer.body(answer, path, 1 << 20);
    });
  }
}
