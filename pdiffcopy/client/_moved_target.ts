/**
 * Where content that has moved goes: the files that it may be copied from, and the one that is put together.
 */
import { SluiceError } from "@sluice/internal";
import { isBlockDevice, newTable } from "../file/_block_file.ts";
import type { BlockDirectory, BlockFile, Table } from "../file/_block_file.ts";
import { followLink, makeFolder, openFile, openTargetDirectory, splitPath } from "../file/_files.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import type { PdiffLocation } from "../file/location.ts";
import { ComposedTarget } from "../copy/_composed_target.ts";
import { Signature, signFile } from "../copy/_signature.ts";
import type { SigningPlan } from "../copy/_signature.ts";
import { LocalTarget } from "../copy/_target.ts";
import type { ReplacePolicy } from "../copy/_target_plan.ts";
import type { HttpPeer } from "../wire/_http.ts";
import { fetchBlocks } from "../wire/_remote_blocks.ts";
import { RemoteTarget } from "../wire/_remote_target.ts";
import { statRemoteFile } from "../wire/_remote_v2.ts";

/** What a target is opened for. */
export interface MovedPlan {
  readonly size: number;
  readonly mode: number | undefined;
  readonly source: string;
  readonly replace: ReplacePolicy;
  readonly durable: boolean;
  readonly dryRun: boolean;
  readonly verifyWritten: boolean;
  readonly signing: SigningPlan;
}

/** What there is before the copy. */
export interface MovedStart {
  readonly signature: Signature;
  /** Whether the old file has the length of the new one; a device may be longer. */
  readonly hasLength: boolean;
}

/** A target of moved content. */
export interface MovedTarget {
  readonly remote: boolean;
  /** Whether something was left of an earlier copy. */
  readonly resumed: boolean;
  /** Whether the file under the name is a mixture now. */
  readonly isMixed: boolean;
  /** Signs what there is; nothing is changed yet. */
  start(): Promise<MovedStart>;
  /** Before the first piece. Returns a longer signature where there turns out to be more: the search begins again. */
  begin(signature: Signature): Promise<Signature | undefined>;
  /** Takes whole frames; returns how many bytes they wrote. */
  take(frames: Uint8Array<ArrayBuffer>, signature: Signature): Promise<number>;
  /** Ends the copy; the table has the digests of the source where the target is to be read back. */
  commit(table: Table | undefined): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

/** A target on this machine. */
export class LocalMovedTarget implements MovedTarget {
  readonly remote = false;
  readonly #path: string;
  readonly #plan: MovedPlan;
  readonly #seedPaths: readonly string[];
  readonly #seeds: BlockFile[] = [];
  #directory: BlockDirectory | undefined;
  #target: LocalTarget | undefined;
  #composed: ComposedTarget | undefined;

  constructor(location: PdiffLocation, plan: MovedPlan, seeds: readonly string[]) {
    this.#path = location.filename;
    this.#plan = plan;
    this.#seedPaths = seeds;
  }

  get resumed(): boolean {
    return this.#target?.resumed === true;
  }

  get isMixed(): boolean {
    return this.#target?.isMixed === true;
  }

  async start(): Promise<MovedStart> {
    const { size, dryRun, signing } = this.#plan;
    for (const path of this.#seedPaths) this.#seeds.push(openFile(path));
    const { folder, name } = splitPath(followLink(this.#path));
    if (!dryRun) makeFolder(folder);
    this.#directory = openTargetDirectory(folder, !dryRun);
    const signature = new Signature(signing);
    if (this.#directory !== undefined) {
      this.#target = await LocalTarget.open(this.#directory, name, {
        ...this.#plan,
        size,
        fresh: true,
        punch: true,
        threads: signing.threads,
        confined: false,
      });
      const { old } = this.#target;
      if (old !== undefined) {
        const { mode, size: oldSize } = old.status();
        // A device is compared as far as its image goes: what follows stays.
        const signed = isBlockDevice(mode) ? Math.min(size, oldSize) : oldSize;
        signature.add("old", await signFile(old, signed, true, signing));
      }
    }
    for (const seed of this.#seeds) {
      signature.add("seed", await signFile(seed, seed.status().size, false, signing), seed);
    }
    await this.#addPart(signature);
    return { signature, hasLength: this.#target?.hasLength === true };
  }

  /** What an earlier copy left. */
  async #addPart(signature: Signature): Promise<void> {
    const part = this.#target?.part ?? this.#target?.openLeftPart();
    if (part === undefined) return;
    try {
      signature.add("own", await signFile(part, part.status().size, false, this.#plan.signing));
    } finally {
      if (part !== this.#target!.part) part.close();
    }
  }

  async begin({ blockSize, hash }: Signature): Promise<undefined> {
    await this.#target!.begin();
    this.#composed = new ComposedTarget(this.#target!, this.#plan.size, blockSize, hash);
  }

  async take(frames: Uint8Array<ArrayBuffer>, { places }: Signature): Promise<number> {
    return (await this.#composed!.take(frames, places)).written;
  }

  async commit(table: Table | undefined): Promise<void> {
    this.#composed?.checkComplete();
    await this.#target?.commit(table);
    this.#close();
  }

  // deno-lint-ignore require-await
  async abort(reason: unknown): Promise<void> {
    this.#target?.abort(reason);
    this.#close();
  }

  #close(): void {
    this.#composed?.[Symbol.dispose]();
    for (const seed of this.#seeds) seed.close();
    this.#directory?.close();
  }
}

/** A target on a server. */
export class RemoteMovedTarget implements MovedTarget {
  readonly remote = true;
  readonly isMixed = false;
  readonly #peer: HttpPeer;
  readonly #path: string;
  readonly #plan: MovedPlan;
  #session: RemoteTarget | undefined;
  #next = 0;
  #table: Table | undefined;

  constructor(peer: HttpPeer, location: PdiffLocation, plan: MovedPlan) {
    this.#peer = peer;
    this.#path = location.filename;
    this.#plan = plan;
  }

  get resumed(): boolean {
    return this.#session?.resumed === true;
  }

  async start(): Promise<MovedStart> {
    const signature = new Signature(this.#plan.signing);
    try {
      const { version, size, isDevice } = await statRemoteFile(this.#peer, this.#path);
      const limit = isDevice ? this.#plan.size : undefined;
      signature.add("old", await fetchBlocks(this.#peer, this.#path, version, signature, limit));
      return { signature, hasLength: size === this.#plan.size || isDevice };
    } catch (error) {
      // A file that an earlier copy left mixed is no source, and has no blocks that last.
      if (!(error instanceof SluiceError) || !["NOT_FOUND", "DIRTY"].includes(error.code)) throw error;
      return { signature: new Signature(signature), hasLength: false };
    }
  }

  /** The table that the session knows the file by. */
  #tableOf(blockSize: number, hash: HashSpec): Table {
    return this.#table ??= newTable(this.#plan.size, blockSize, hash);
  }

  async begin(signature: Signature): Promise<Signature | undefined> {
    if (this.#session !== undefined) return undefined;
    const table = this.#tableOf(signature.blockSize, signature.hash);
    this.#session = await RemoteTarget.open(this.#peer, this.#path, { ...this.#plan, table, fresh: true });
    if (!this.#session.resumed) return undefined;
    const longer = signature.with("own", { entries: await this.#session.ownBlocks(), tailSize: 0 });
    return longer.places.length > signature.places.length ? longer : undefined;
  }

  async take(frames: Uint8Array<ArrayBuffer>, { places }: Signature): Promise<number> {
    const own = places.find(({ kind }) => kind === "own")?.first;
    const next = await this.#session!.compose(this.#next, own, frames);
    const written = next - this.#next;
    this.#next = next;
    return written;
  }

  async commit(table: Table | undefined): Promise<void> {
    const { blockSize, hash } = this.#plan.signing;
    await this.#session?.commit(table ?? this.#tableOf(blockSize, hash));
  }

  async abort(reason: unknown): Promise<void> {
    await this.#session?.abort(reason);
  }
}
