/**
 * The pack of an answer, or all of it, which comes mixed with what the server says meanwhile (side-band-64k, sideband-all).
 */
import { FLUSH, RESPONSE_END } from "./_packet_lines.ts";
import type { Packet, PacketReader } from "./_packet_lines.ts";
import { protocolFault, remoteLimit, shown, transferFault } from "./_remote_faults.ts";

const CONTENT = 1;
const MESSAGE = 2;
const FAILURE = 3;
/** What a server may say between two pieces of the pack, in bytes: counting the largest repositories takes a tenth. */
const MESSAGES_MAX = 16 << 20;
/** What a packet counts that says nothing: servers send one every five seconds. */
const PACKET_COST = 16;

/** The packets of an answer without what the server says between them. */
export class SideBands {
  readonly #reader: PacketReader;
  readonly #onMessage: ((text: string) => void) | undefined;
  readonly #decoder = new TextDecoder();
  #said = 0;

  constructor(reader: PacketReader, onMessage: ((text: string) => void) | undefined) {
    this.#reader = reader;
    this.#onMessage = onMessage;
  }

  /**
   * The next packet with content, or one that ends a part or the answer.
   *
   * @throws {SluiceError} If it breaks the rules, ends too early, or the server reports a failure.
   */
  async packet(): Promise<Packet> {
    while (true) {
      const offset = this.#reader.offset;
      const packet = await this.#reader.packet();
      if (typeof packet === "number") return packet;
      const [band] = packet;
      const content = packet.subarray(1);
      if (band === CONTENT && content.length > 0) {
        this.#said = 0;
        return content;
      }
      this.#said += content.length + PACKET_COST;
      if (this.#said > MESSAGES_MAX) {
        throw remoteLimit(this.#reader.label, "messages", MESSAGES_MAX, "bytes without a pack");
      }
      this.#hear(band, content, offset);
    }
  }

  #hear(band: number | undefined, content: Uint8Array, offset: number): void {
    const { label } = this.#reader;
    if (band === MESSAGE) this.#onMessage?.(this.#decoder.decode(content, { stream: true }));
    else if (band === FAILURE) {
      throw transferFault(label, `the server says: ${shown(this.#decoder.decode(content))}`, "SERVER");
    } else if (band !== CONTENT) {
      throw protocolFault(label, `there is no band ${band ?? "in an empty packet"}`, offset);
    }
  }
}

/**
 * The bytes of the pack; the answer has to end after it.
 *
 * @throws {SluiceError} If it breaks the rules, ends too early, never comes to the pack, or the server reports a failure.
 */
export async function* packOf(
  reader: PacketReader,
  onMessage: ((text: string) => void) | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bands = new SideBands(reader, onMessage);
  while (true) {
    const offset = reader.offset;
    const packet = await bands.packet();
    if (packet === FLUSH) break;
    if (typeof packet === "number") throw protocolFault(reader.label, "the pack ends in a part", offset);
    yield packet;
  }
  await expectEnd(reader);
}

/** Nothing follows but what ends an answer. */
export async function expectEnd(reader: PacketReader): Promise<void> {
  const offset = reader.offset;
  let packet = await reader.next();
  if (packet === RESPONSE_END) packet = await reader.next();
  if (packet !== undefined) throw protocolFault(reader.label, "something follows its end", offset);
}
