/**
 * The pack of an answer, which comes mixed with what the server says meanwhile (side-band-64k).
 */
import { FLUSH, RESPONSE_END } from "./_packet_lines.ts";
import type { PacketReader } from "./_packet_lines.ts";
import { protocolFault, remoteLimit, shown, transferFault } from "./_remote_faults.ts";

const PACK = 1;
const MESSAGE = 2;
const FAILURE = 3;
/** What a server may say between two pieces of the pack, in bytes: counting the largest repositories takes a tenth. */
const MESSAGES_MAX = 16 << 20;
/** What a packet counts that says nothing: servers send one every five seconds. */
const PACKET_COST = 16;

/**
 * The bytes of the pack; the answer has to end after it.
 *
 * @throws {SluiceError} If it breaks the rules, ends too early, never comes to the pack, or the server reports a failure.
 */
export async function* packOf(
  reader: PacketReader,
  onMessage: ((text: string) => void) | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new TextDecoder();
  let said = 0;
  while (true) {
    const offset = reader.offset;
    const packet = await reader.packet();
    if (packet === FLUSH) break;
    if (typeof packet === "number") throw protocolFault(reader.label, "the pack ends in a part", offset);
    const [band] = packet;
    const content = packet.subarray(1);
    said = band === PACK && content.length > 0 ? 0 : said + content.length + PACKET_COST;
    if (said > MESSAGES_MAX) {
      throw remoteLimit(reader.label, "messages", MESSAGES_MAX, "bytes without a pack");
    }
    if (band === PACK) {
      if (content.length > 0) yield content;
    } else if (band === MESSAGE) onMessage?.(decoder.decode(content, { stream: true }));
    else if (band === FAILURE) {
      const text = shown(decoder.decode(content));
      throw transferFault(reader.label, `the server says: ${text}`, "SERVER");
    } else throw protocolFault(reader.label, `there is no band ${band ?? "in an empty packet"}`, offset);
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
