/**
 * Finding out with a server what both have, until it sends a pack: each request repeats what is known by then, as HTTP
 * has no memory.
 */
import { GitObjectId } from "../object/_object_id.ts";
import type { GitIdLike } from "../object/_object_id.ts";
import { idOf } from "./_advertisement.ts";
import type { Advertisement } from "./_advertisement.ts";
import type { DownloadSettings } from "./_download.ts";
import type { FetchPlan } from "./_fetch_lines.ts";
import type { GitHttp } from "./_git_http.ts";
import { parseOfferedPack } from "./_offered_packs.ts";
import type { GitOfferedPack, GitUriProtocol } from "./_offered_packs.ts";
import { DELIMITER, FLUSH, packetLines } from "./_packet_lines.ts";
import type { PacketReader } from "./_packet_lines.ts";
import { protocolFault, remoteLimit, shown } from "./_remote_faults.ts";
import { expectEnd, packOf, SideBands } from "./_side_bands.ts";

/** What came of it. */
export interface Negotiated {
  /** Commits that both have. */
  readonly common: readonly GitObjectId[];
  /** Where the history ends from now on, and where it ends no longer. */
  readonly shallow: readonly GitObjectId[];
  readonly unshallow: readonly GitObjectId[];
  /** Packs that have to be fetched from elsewhere. */
  readonly packs: readonly GitOfferedPack[];
  readonly pack: AsyncGenerator<Uint8Array, void, undefined>;
  /** Ends the transfer, whether or not `pack` was read. */
  close(): Promise<void>;
}

/** Who is asked, and who hears of it. */
export interface Talk {
  readonly http: GitHttp;
  readonly server: Advertisement;
  readonly agent: string;
  /** How packs are had that the server names. */
  readonly connection: DownloadSettings;
  readonly onCommon: ((id: GitObjectId) => void) | undefined;
  readonly onMessage: ((text: string) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Commits without anything in common after which a search that had found something is given up, as git does. */
const IN_VAIN_MAX = 256;
/** Lines of the parts before a pack. */
const LINES_MAX = 1_000_000;
/** Packs that an answer names by their addresses. */
const PACKS_MAX = 256;

/** What is known so far. */
class Known {
  readonly common = new Map<string, GitObjectId>();
  readonly shallow: GitObjectId[] = [];
  readonly unshallow: GitObjectId[] = [];
  /** By their checksums. */
  readonly packs = new Map<string, GitOfferedPack>();
  inVain = 0;
  readonly #talk: Talk;
  readonly #protocols: readonly GitUriProtocol[];
  #lines = 0;

  constructor(talk: Talk, protocols: readonly GitUriProtocol[]) {
    this.#talk = talk;
    this.#protocols = protocols;
  }

  /** Counts a line in: no server has so many. */
  count(): void {
    if (++this.#lines > LINES_MAX) throw remoteLimit(this.#talk.http.label, "an answer", LINES_MAX, "lines");
  }

  /** Takes an acknowledged commit; returns whether it is new. */
  acknowledge(text: string, line: string, offset: number): void {
    const { http, server, onCommon } = this.#talk;
    const id = idOf(text, server.hashAlgorithm);
    if (id === undefined) throw protocolFault(http.label, `"${shown(line)}" is no acknowledgment`, offset);
    if (this.common.has(`${id}`)) return;
    this.common.set(`${id}`, id);
    this.inVain = 0;
    onCommon?.(id);
  }

  /** Takes a line of where the history ends. */
  border(line: string, offset: number): void {
    const { http, server } = this.#talk;
    const [word, hex = ""] = line.split(" ");
    const id = idOf(hex, server.hashAlgorithm);
    const list = word === "shallow" ? this.shallow : word === "unshallow" ? this.unshallow : undefined;
    if (id === undefined || list === undefined) {
      throw protocolFault(http.label, `"${shown(line)}" says nothing of where the history ends`, offset);
    }
    list.push(id);
  }

  /** Takes the address of a pack. */
  offer(line: string, offset: number): void {
    const { connection, http: { label }, server } = this.#talk;
    const pack = parseOfferedPack(line, offset, {
      algorithm: server.hashAlgorithm,
      protocols: this.#protocols,
      label,
      connection,
    });
    this.packs.set(pack.checksum, pack);
    if (this.packs.size > PACKS_MAX) throw remoteLimit(label, "an answer", PACKS_MAX, "addresses of packs");
  }
}

/** Negotiates; the result has to be closed. */
export async function negotiate(plan: FetchPlan, talk: Talk): Promise<Negotiated> {
  const known = new Known(talk, plan.uriProtocols);
  const isNew = talk.server.version === 2;
  try {
    for (let isLast = false;;) {
      const haves: readonly GitObjectId[] = isLast ? [] : await nextRound(plan, known);
      isLast ||= haves.length === 0;
      const common = [...known.common.values()];
      known.inVain += haves.length;
      known.shallow.length = known.unshallow.length = 0; // each answer says them again
      const body = isNew
        ? newRequest(plan, talk, [...common, ...haves], isLast)
        : oldRequest(plan, talk, [...common, ...haves], isLast);
      const reader = await talk.http.post(body, talk.server.version, talk.signal);
      try {
        const state = isNew
          ? await newAnswer(reader, plan, known, isLast, talk)
          : await oldAnswer(plan, reader, known, isLast);
        if (state === "pack") return result(known, reader, talk);
        if (state === "ready") isLast = true;
        await reader.close();
      } catch (error) {
        await reader.close();
        throw error;
      }
    }
  } finally {
    await plan.haves.return(undefined);
  }
}

function result(known: Known, reader: PacketReader, { server, onMessage }: Talk): Negotiated {
  const isBanded = server.version === 2 || server.features.has("side-band-64k");
  return {
    common: [...known.common.values()],
    shallow: known.shallow,
    unshallow: known.unshallow,
    packs: [...known.packs.values()],
    pack: isBanded ? packOf(reader, onMessage) : reader.rest(),
    close: () => reader.close(),
  };
}

/** The next commits to offer; none where there are no more or the search is in vain. */
async function nextRound(plan: FetchPlan, known: Known): Promise<readonly GitObjectId[]> {
  if (known.common.size > 0 && known.inVain >= IN_VAIN_MAX) return [];
  const { value, done } = await plan.haves.next();
  const round: readonly GitIdLike[] = done === true ? [] : value;
  return round.map((id) => GitObjectId.from(id, plan.algorithm));
}

/** A request of version 2. */
function newRequest(
  plan: FetchPlan,
  { server, agent }: Talk,
  haves: readonly GitObjectId[],
  isLast: boolean,
): Uint8Array<ArrayBuffer> {
  return packetLines([
    "command=fetch",
    ...commonWords(server, agent),
    DELIMITER,
    ...plan.words,
    ...plan.shallow.map((id) => `shallow ${id}`),
    ...plan.deepening,
    ...plan.isRelative ? ["deepen-relative"] : [],
    ...plan.filter === undefined ? [] : [`filter ${plan.filter}`],
    ...plan.uriProtocols.length === 0 ? [] : ["sideband-all", `packfile-uris ${plan.uriProtocols.join(",")}`],
    ...plan.wants.map((id) => `want ${id}`),
    ...haves.map((id) => `have ${id}`),
    ...isLast ? ["done"] : [],
    FLUSH,
  ]);
}

/** What both sides say of themselves, where the server says it. */
export function commonWords(server: Advertisement, agent: string): string[] {
  return [
    ...server.features.has("agent") ? [`agent=${agent}`] : [],
    ...server.features.has("object-format") ? [`object-format=${server.hashAlgorithm}`] : [],
  ];
}

/** Reads the parts of an answer of version 2 up to the pack. */
async function newAnswer(
  reader: PacketReader,
  plan: FetchPlan,
  known: Known,
  isLast: boolean,
  { onMessage }: Talk,
): Promise<"more" | "ready" | "pack"> {
  let isReady = false;
  const packets = plan.uriProtocols.length > 0 ? new SideBands(reader, onMessage) : reader;
  for (const seen = new Set<string>();;) {
    const offset = reader.offset;
    const header = reader.textOf(await packets.packet());
    if (header === undefined || seen.has(header)) {
      throw protocolFault(reader.label, "a part has no name", offset);
    }
    seen.add(header);
    if (header === "packfile") return "pack";
    const end = await readPart(reader, packets, header, known, (line) => isReady ||= line === "ready");
    if (end === DELIMITER) continue;
    if (header !== "acknowledgments" || isReady || isLast) {
      throw protocolFault(reader.label, "it ends without a pack", reader.offset);
    }
    await expectEnd(reader);
    return "more";
  }
}

/** Reads the lines of a part; returns what ends it. */
async function readPart(
  reader: PacketReader,
  packets: Pick<PacketReader, "packet">,
  header: string,
  known: Known,
  onLine: (line: string) => void,
): Promise<typeof FLUSH | typeof DELIMITER> {
  while (true) {
    const offset = reader.offset;
    const packet = await packets.packet();
    if (packet === FLUSH || packet === DELIMITER) return packet;
    const line = reader.textOf(packet);
    if (line === undefined) throw protocolFault(reader.label, "it ends in a part", offset);
    known.count();
    if (header === "shallow-info") known.border(line, offset);
    else if (header === "packfile-uris") known.offer(line, offset);
    else if (header !== "acknowledgments") {
      throw protocolFault(reader.label, `nobody asked for "${shown(header)}"`, offset);
    } else if (line.startsWith("ACK ")) known.acknowledge(line.slice(4), line, offset);
    else if (line !== "NAK" && line !== "ready") {
      throw protocolFault(reader.label, `"${shown(line)}" is no acknowledgment`, offset);
    }
    onLine(line);
  }
}

/** A request of versions 0 and 1. */
function oldRequest(
  plan: FetchPlan,
  { server, agent }: Talk,
  haves: readonly GitObjectId[],
  isLast: boolean,
): Uint8Array<ArrayBuffer> {
  const words = [
    ...["multi_ack_detailed", "side-band-64k"].filter((word) => server.features.has(word)),
    ...plan.words,
    ...plan.isRelative ? ["deepen-relative"] : [],
    ...plan.filter === undefined ? [] : ["filter"],
    ...commonWords(server, agent),
  ];
  return packetLines([
    ...plan.wants.map((id, i) => i === 0 ? `want ${id} ${words.join(" ")}` : `want ${id}`),
    ...plan.shallow.map((id) => `shallow ${id}`),
    ...plan.deepening,
    ...plan.filter === undefined ? [] : [`filter ${plan.filter}`],
    FLUSH,
    ...haves.map((id) => `have ${id}`),
    isLast ? "done" : FLUSH,
  ]);
}

/** Reads an answer of versions 0 and 1 up to the pack. */
async function oldAnswer(
  plan: FetchPlan,
  reader: PacketReader,
  known: Known,
  isLast: boolean,
): Promise<"more" | "ready" | "pack"> {
  if (plan.deepening.length > 0) {
    for (let packet = await reader.packet(); packet !== FLUSH; packet = await reader.packet()) {
      known.count();
      known.border(reader.textOf(packet) ?? "", reader.offset);
    }
  }
  let isReady = false;
  while (true) {
    const offset = reader.offset;
    const packet = await reader.next();
    if (packet === undefined && !isLast) return isReady ? "ready" : "more";
    const line = packet === undefined ? undefined : reader.textOf(packet);
    if (line === undefined) throw protocolFault(reader.label, "it ends without an acknowledgment", offset);
    known.count();
    if (line === "NAK") {
      if (isLast) return "pack";
      continue;
    }
    const [word, hex = "", state] = line.split(" ");
    if (word !== "ACK") throw protocolFault(reader.label, `"${shown(line)}" is no acknowledgment`, offset);
    // With "ready" and at the end, servers also name commits that they do not have.
    if (state === "common") known.acknowledge(hex, line, offset);
    if (state === "ready") isReady = true;
    if (state === undefined && isLast) return "pack";
  }
}
