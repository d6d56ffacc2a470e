/**
 * What is in an archive or a pack: lists, and single files out of it.
 */
import type { PackStore } from "@sluice/gitdb";
import { byteSourceFromBlob, ZpaqArchive } from "@sluice/zpaq";
import { openPack } from "./git_pack.ts";
import { formatOf } from "./identify.ts";
import type { Bytes, Entry, Job } from "./messages.ts";
import { firstBytes } from "./streams.ts";

/** Entries that are told at once. */
const BATCH = 500;

/** An open archive. */
interface Opened {
  readonly entries: readonly Entry[];
  content(index: number): Promise<ReadableStream<Bytes>>;
  close(): void;
}

let opened: Opened | undefined;

async function openArchive(file: Blob): Promise<Opened> {
  const archive = await ZpaqArchive.open(byteSourceFromBlob(file));
  const all = [...archive.entries()];
  return {
    entries: all.map(({ name, size, date, version }) => ({
      name: name === "" ? "(no name)" : name,
      size,
      detail: [date?.toISOString().slice(0, 19).replace("T", " "), `version ${version}`].filter(Boolean).join(
        ", ",
      ),
    })),
    content: (index) => Promise.resolve(all[index]!.body),
    close: () => archive.close(),
  };
}

async function openObjects(file: Blob): Promise<Opened> {
  const store: PackStore = await openPack(file);
  const objects = await Array.fromAsync(store.packs[0]!.list());
  return {
    entries: objects.map(({ id, type, size, base }) => ({
      name: `${id}`,
      size,
      detail: base === undefined ? type : `${type}, a delta to ${`${base}`.slice(0, 10)}`,
    })),
    content: async (index) => (await store.read(objects[index]!.id)).body,
    close: () => store.close(),
  };
}

async function open(file: Blob): Promise<Opened> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  return formatOf(head) === "git pack" ? await openObjects(file) : await openArchive(file);
}

/** Opens a file and tells what is in it; it stays open for `entry`. */
export const entries: Job<"entries"> = async function* ({ file }) {
  opened?.close();
  opened = undefined;
  opened = await open(file);
  for (let at = 0; at < opened.entries.length; at += BATCH) {
    yield { entries: opened.entries.slice(at, at + BATCH) };
  }
};

/** At most the first bytes of one entry of the file that was listed last, maybe by a worker that was stopped since. */
export const entry: Job<"entry"> = async function* ({ file, index, most }) {
  opened ??= await open(file);
  yield { content: await firstBytes(await opened.content(index), most) };
};
