/**
 * Patches: what differs between two versions of a file, line by line, as git writes it (git-diff, "Generating patch text").
 */
import type { GitChangeSide, GitDatabase, GitRepository } from "@sluice/gitdb/repository";
import { byteString } from "@sluice/internal";
import { shortId } from "./names.ts";
import { quoted } from "./output.ts";
import type { StatusChange } from "./renames.ts";
import { compareTexts, hunks } from "./text_patch.ts";
import type { Comparison } from "./text_patch.ts";

/** Where a file with a zero counts as binary, and from which size on every one does. */
const BINARY_HEAD = 8000;
const TEXT_MAX = 512 << 20;
const SUBMODULE = 0o160000;

/** What changed in a file: so many lines, or bytes of one that is no text. */
export interface ChangeCount {
  readonly isBinary: boolean;
  readonly added: number;
  readonly removed: number;
}

/** Writes patches of files. */
export class PatchWriter {
  readonly #repository: GitRepository;
  readonly #database: GitDatabase;
  readonly #digits: number;
  readonly #context: number;

  /** With as many digits of ids, and as many lines around changes. */
  constructor(repository: GitRepository, digits: number, context: number) {
    this.#repository = repository;
    this.#database = repository.database;
    this.#digits = digits;
    this.#context = context;
  }

  /** The patch of a change, a character for each byte. A file that became a link is one that was removed and one that was added. */
  async patch(change: StatusChange): Promise<string> {
    const { status, path, before, after } = change;
    if (status !== "T") return await this.#patch(change);
    return await this.#patch({ status: "D", path, before, after: undefined }) +
      await this.#patch({ status: "A", path, before: undefined, after });
  }

  async #patch({ path, source = path, score, before, after }: StatusChange): Promise<string> {
    const names = { before: quoted(`a/${source}`), after: quoted(`b/${path}`) };
    const head = [`diff --git ${names.before} ${names.after}`];
    if (before === undefined) head.push(`new file mode ${modeText(after!)}`);
    else if (after === undefined) head.push(`deleted file mode ${modeText(before)}`);
    else if (before.mode !== after.mode) {
      head.push(`old mode ${modeText(before)}`, `new mode ${modeText(after)}`);
    }
    if (score !== undefined) {
      head.push(`similarity index ${score}%`, `rename from ${quoted(source)}`, `rename to ${quoted(path)}`);
    }
    const isSame = before !== undefined && after !== undefined && before.id.equals(after.id);
    if (!isSame) {
      const mode = before !== undefined && before.mode === after?.mode ? ` ${modeText(before)}` : "";
      head.push(`index ${await this.#id(before)}..${await this.#id(after)}${mode}`);
    }
    const text = head.map((line) => `${line}\n`).join("");
    if (isSame) return text;
    const compared = await this.#compare(before, after);
    const labels = [
      before === undefined ? "/dev/null" : names.before,
      after === undefined ? "/dev/null" : names.after,
    ];
    if (compared === undefined) return `${text}Binary files ${labels[0]} and ${labels[1]} differ\n`;
    if (compared.differences.length === 0) return text;
    // Names with spaces have an end that other tools can see.
    const [from, to] = labels.map((label) => label.includes(" ") ? `${label}\t` : label);
    return `${text}--- ${from}\n+++ ${to}\n${hunks(compared, this.#context)}`;
  }

  /** How many lines of a file changed. */
  async count({ before, after }: StatusChange): Promise<ChangeCount> {
    const compared = await this.#compare(before, after);
    if (compared === undefined) {
      const isSame = before !== undefined && after?.id.equals(before.id) === true;
      const sizeOf = (side: GitChangeSide | undefined): number | Promise<number> =>
        isSame ? 0 : this.#size(side);
      return { isBinary: true, removed: await sizeOf(before), added: await sizeOf(after) };
    }
    let [added, removed] = [0, 0];
    for (const difference of compared.differences) {
      added += difference.added;
      removed += difference.removed;
    }
    return { isBinary: false, added, removed };
  }

  async #id(side: GitChangeSide | undefined): Promise<string> {
    const full = this.#database.hashAlgorithm === "sha1" ? 40 : 64;
    const digits = Math.min(this.#digits, full);
    return side === undefined ? "0".repeat(digits) : await shortId(this.#database, `${side.id}`, digits);
  }

  async #size(side: GitChangeSide | undefined): Promise<number> {
    if (side === undefined || side.mode === SUBMODULE) return 0;
    return (await this.#database.info(this.#repository.replacement(side.id))).size;
  }

  /** Compares two versions; undefined where one is no text. */
  async #compare(
    before: GitChangeSide | undefined,
    after: GitChangeSide | undefined,
  ): Promise<Comparison | undefined> {
    const [old, young] = [await this.#text(before), await this.#text(after)];
    return old === undefined || young === undefined ? undefined : compareTexts(old, young, this.#context);
  }

  /** A content, a character for each byte; undefined where it is no text. */
  async #text(side: GitChangeSide | undefined): Promise<string | undefined> {
    if (side === undefined) return "";
    if (side.mode === SUBMODULE) return `Subproject commit ${side.id}\n`;
    if (await this.#size(side) > TEXT_MAX) return undefined;
    const bytes = await (await this.#database.read(this.#repository.replacement(side.id))).bytes();
    return bytes.subarray(0, BINARY_HEAD).includes(0) ? undefined : quickByteString(bytes);
  }
}

/** As `byteString`, by the platform's decoder where all bytes are ASCII, as in most files. */
function quickByteString(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return text.length === bytes.length && !text.includes("\ufffd") ? text : byteString(bytes);
}

function modeText({ mode }: GitChangeSide): string {
  return mode.toString(8).padStart(6, "0");
}
