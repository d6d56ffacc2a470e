/**
 * Packs of one fetch that come from several places: the server sends one and names others. Each is made and hashed by
 * itself; none counts before all are here and have together what was wanted. Deno only.
 */
import { ChecksumMismatchError } from "@sluice/internal";
import type { GitObjectReader } from "../object/object.ts";
import type { PackStore } from "../pack/pack_store.ts";
import { receivePack } from "../write/_take_pack.ts";
import type { ReceivedPack, TakePackOptions } from "../write/_take_pack.ts";
import type { GitCreatedPack } from "../write/create_pack.ts";
import type { PackOpener } from "../write/_pack_indexes.ts";
import { checkPresent, outsideReferences } from "./_connected.ts";
import type { OutsideReferences, Wanted } from "./_connected.ts";
import type { GitOfferedPack } from "./_offered_packs.ts";
import { labelOf } from "./_remote_faults.ts";

/** How packs are taken in, and where what they stand on is. */
export interface TogetherOptions extends TakePackOptions {
  readonly folder: string;
  readonly wanted: Wanted;
  readonly open: PackOpener;
  /** One store of several. */
  readonly join: (stores: readonly GitObjectReader[]) => GitObjectReader;
  readonly signal: AbortSignal | undefined;
  /** Sees all bytes. */
  readonly counted: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** Takes the pack of the answer and those that it names; returns them in this order. */
export async function takeTogether(
  pack: AsyncIterable<Uint8Array>,
  offered: readonly GitOfferedPack[],
  options: TogetherOptions,
): Promise<GitCreatedPack[]> {
  const { signal, counted } = options;
  const received: ReceivedPack[] = [];
  const outside: OutsideReferences[] = [];
  try {
    // The server does not wait for others with its answer: its pack is read before theirs.
    received.push(await receive(counted(pack), options, options.bases, outside));
    for (const other of offered) {
      const whole = await receive(counted(other.read(signal)), options, undefined, outside);
      received.push(whole);
      if (whole.created.checksum !== other.checksum) throw otherChecksum(other, whole.created.checksum);
    }
    await checkTogether(received, outside, options);
    // What others refer to is there before them.
    for (const each of received.toReversed()) each.commit();
    return received.map(({ created }) => created);
  } finally {
    for (const each of received) each[Symbol.dispose]();
  }
}

async function receive(
  chunks: AsyncIterable<Uint8Array>,
  { folder, wanted, open, join: _, counted: __, signal: ___, ...options }: TogetherOptions,
  bases: TakePackOptions["bases"],
  outside: OutsideReferences[],
): Promise<ReceivedPack> {
  const check: TakePackOptions["check"] = async (each, table) => {
    outside.push(await outsideReferences(each, table, wanted));
  };
  return await receivePack(folder, chunks, { ...options, bases, check }, open);
}

/** Refuses packs that do not have together, and with what is here, all that they refer to. */
async function checkTogether(
  received: readonly ReceivedPack[],
  outside: readonly OutsideReferences[],
  { wanted, join }: TogetherOptions,
): Promise<void> {
  const stores: PackStore[] = [];
  try {
    for (const pack of received) stores.push(await pack.open());
    const all = join([...stores, wanted.existing]);
    for (const references of outside) await references.check(all);
    if (outside.length === 0) await checkPresent(wanted.wants, all);
  } finally {
    for (const store of stores) store.close();
  }
}

function otherChecksum({ url, checksum }: GitOfferedPack, actual: string): ChecksumMismatchError {
  return new ChecksumMismatchError(
    `Cannot fetch from ${labelOf(new URL(url))}: the pack ends with ${actual}, expected ${checksum}`,
    { format: "git", code: "CHECKSUM_MISMATCH" },
  );
}
