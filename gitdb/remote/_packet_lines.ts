/**
 * Packet lines (gitprotocol-common): read from an answer with a bound on their size and on the time that each may take,
 * and written to a request.
 */
import { ChunkReader, concatBytes } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { cutFault, protocolFault, shown, stallState, transferFault } from "./_remote_faults.ts";

/** Packets without content: the end of a message, the end of a part, the end of an answer. */
export const FLUSH = 0;
export const DELIMITER = 1;
export const RESPONSE_END = 2;

/** A packet: its content, or what it is where it has none. */
export type Packet = Uint8Array | typeof FLUSH | typeof DELIMITER | typeof RESPONSE_END;

/** The longest packet, with its length. */
export const PACKET_MAX = 65520;
const LENGTH_DIGITS = 4;

const DECODER = new TextDecoder("utf-8", { fatal: true });
const ENCODER = new TextEncoder();

/** Where packets come from. */
export interface PacketSource {
  /** The other side, as messages name it. */
  readonly label: string;
  readonly body: ChunkSource;
  /** Aborts when the transfer ends before its time. */
  readonly signal: AbortSignal;
  /** Ends the transfer, with the reason why. */
  readonly abort: (reason: unknown) => void;
  /** How long one packet may take, in milliseconds. */
  readonly stallTimeoutMs: number;
}

/** Packets of an answer, one after the other. */
export class PacketReader {
  readonly label: string;
  readonly #source: PacketSource;
  readonly #chunks: ChunkReader;
  #chunk: Uint8Array = new Uint8Array();
  #at = 0;
  #offset = 0;

  constructor(source: PacketSource) {
    this.label = source.label;
    this.#source = source;
    this.#chunks = new ChunkReader(source.body, source.signal);
  }

  /** Where the next packet starts, in bytes from the start of the answer. */
  get offset(): number {
    return this.#offset;
  }

  /** Takes the next chunk; returns false at the end of the answer. */
  async #more(): Promise<boolean> {
    let chunk: Uint8Array | undefined;
    try {
      chunk = await this.#chunks.next();
    } catch (error) {
      const { signal } = this.#source;
      throw signal.aborted ? signal.reason : cutFault(this.label, this.#offset, error);
    }
    this.#chunk = chunk ?? new Uint8Array();
    this.#at = 0;
    return chunk !== undefined;
  }

  /** Runs something that waits for a packet; one that takes too long ends the transfer. */
  async #inTime<T>(run: () => Promise<T>): Promise<T> {
    const { label, abort, stallTimeoutMs } = this.#source;
    const state = stallState("no whole packet", stallTimeoutMs);
    const timer = setTimeout(() => abort(transferFault(label, state, "TIMEOUT")), stallTimeoutMs);
    try {
      return await run();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Fills memory; returns how many bytes there were before the end. */
  async #fill(target: Uint8Array): Promise<number> {
    for (let done = 0; done < target.length;) {
      if (this.#at === this.#chunk.length && !await this.#more()) return done;
      const count = Math.min(target.length - done, this.#chunk.length - this.#at);
      target.set(this.#chunk.subarray(this.#at, this.#at + count), done);
      this.#at += count;
      done += count;
    }
    return target.length;
  }

  /** A packet that the last chunk holds whole, as a view of it. */
  #buffered(): Packet | undefined {
    const left = this.#chunk.length - this.#at;
    if (left < LENGTH_DIGITS) return undefined;
    const length = this.#lengthOf(this.#chunk.subarray(this.#at, this.#at + LENGTH_DIGITS));
    if (left < length) return undefined;
    const start = this.#at;
    this.#at += Math.max(length, LENGTH_DIGITS);
    this.#offset += Math.max(length, LENGTH_DIGITS);
    return length < LENGTH_DIGITS
      ? length as Packet
      : this.#chunk.subarray(start + LENGTH_DIGITS, start + length);
  }

  /** The number that a packet starts with: below 4 a packet without content. */
  #lengthOf(digits: Uint8Array): number {
    const text = String.fromCharCode(...digits);
    const length = /^[0-9a-fA-F]{4}$/.test(text) ? parseInt(text, 16) : -1;
    if (length >= 0 && length <= PACKET_MAX && length !== 3) return length;
    throw protocolFault(this.label, `"${shown(text)}" is no length of a packet`, this.#offset);
  }

  /**
   * The next packet, valid until the next call; undefined at the end of the answer.
   *
   * @throws {CorruptDataError} If it breaks the rules of its format.
   * @throws {TruncatedDataError} If the answer ends inside of it.
   * @throws {TransferError} If it takes too long.
   */
  async next(): Promise<Packet | undefined> {
    return this.#buffered() ?? await this.#inTime(() => this.#read());
  }

  async #read(): Promise<Packet | undefined> {
    const digits = new Uint8Array(LENGTH_DIGITS);
    const count = await this.#fill(digits);
    if (count === 0) return undefined;
    if (count < LENGTH_DIGITS) throw cutFault(this.label, this.#offset + count);
    const length = this.#lengthOf(digits);
    const content = new Uint8Array(Math.max(0, length - LENGTH_DIGITS));
    const got = await this.#fill(content);
    if (got < content.length) throw cutFault(this.label, this.#offset + LENGTH_DIGITS + got);
    this.#offset += LENGTH_DIGITS + content.length;
    return length < LENGTH_DIGITS ? length as Packet : content;
  }

  /**
   * The next packet as a line without its end; undefined for one without content.
   *
   * @throws {SluiceError} As `next`, and if the answer ends here or the server reports an error.
   */
  async line(): Promise<string | undefined> {
    return this.textOf(await this.packet());
  }

  /**
   * As `line`, for a part that a flush ends: undefined there.
   *
   * @throws {SluiceError} As `line`, and if another packet without content comes.
   */
  async lineBeforeFlush(): Promise<string | undefined> {
    const offset = this.#offset;
    const packet = await this.packet();
    if (packet === FLUSH) return undefined;
    const line = this.textOf(packet);
    if (line === undefined) throw protocolFault(this.label, "a part ends where none is", offset);
    return line;
  }

  /** As `next`, where the answer may not end. */
  async packet(): Promise<Packet> {
    const packet = await this.next();
    if (packet === undefined) throw cutFault(this.label, this.#offset);
    return packet;
  }

  /** A packet as a line without its end; undefined for one without content. */
  textOf(packet: Packet): string | undefined {
    if (typeof packet === "number") return undefined;
    let text: string;
    try {
      text = DECODER.decode(packet);
    } catch {
      throw protocolFault(this.label, "a line is no UTF-8", this.#offset);
    }
    if (text.startsWith("ERR ")) {
      throw transferFault(this.label, `the server says: ${shown(text.slice(4))}`, "SERVER");
    }
    return text.endsWith("\n") ? text.slice(0, -1) : text;
  }

  /** All bytes that follow, as they come. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    do {
      const chunk = this.#chunk.subarray(this.#at);
      this.#at = this.#chunk.length;
      this.#offset += chunk.length;
      if (chunk.length > 0) yield chunk;
    } while (await this.#inTime(() => this.#more()));
  }

  /** Ends the transfer. */
  async close(): Promise<void> {
    await this.#chunks.close().catch(() => {}); // whatever the connection says now
  }
}

/** A line as a packet. */
export function packetLine(text: string): Uint8Array<ArrayBuffer> {
  const bytes = ENCODER.encode(`0000${text}\n`);
  if (bytes.length > PACKET_MAX) {
    throw new RangeError(`Cannot send "${text.slice(0, 40)}…": it is longer than a packet can be`);
  }
  bytes.set(ENCODER.encode(bytes.length.toString(16).padStart(LENGTH_DIGITS, "0")));
  return bytes;
}

/** The lines of a message; numbers are packets without content. */
export function packetLines(lines: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
  return concatBytes(
    lines.map((line) =>
      typeof line === "string" ? packetLine(line) : ENCODER.encode(`${line}`.padStart(LENGTH_DIGITS, "0"))
    ),
  );
}
