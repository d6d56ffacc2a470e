/**
 * What a file has beside its content, and keeps when its content is replaced.
 */
import { SluiceError } from "@sluice/internal";
import type { BlockFile } from "../file/_block_file.ts";
import { isSameDigest } from "../file/_digest.ts";

const PERMISSIONS = 0o7777;

/** Owner, permissions and extended attributes of a file. */
export class KeptFacts {
  readonly #mode: number;
  readonly #uid: number;
  readonly #gid: number;
  readonly #attributes: Uint8Array<ArrayBuffer> | undefined;

  /** Those of an open file. */
  constructor(file: BlockFile) {
    const { mode, uid, gid } = file.status();
    this.#mode = mode & PERMISSIONS;
    this.#uid = uid;
    this.#gid = gid;
    this.#attributes = file.attributes();
  }

  /** Gives them to another file; returns what the system refused, undefined where all of it worked. */
  giveTo(file: BlockFile): string | undefined {
    const now = file.status();
    if (now.uid !== this.#uid || now.gid !== this.#gid) {
      if (!isPermitted(() => file.setFacts({ owner: { uid: this.#uid, gid: this.#gid } }))) return "owner";
    }
    if ((file.status().mode & PERMISSIONS) !== this.#mode) {
      if (!isPermitted(() => file.setFacts({ mode: this.#mode }))) return "permissions";
    }
    if (
      this.#attributes === undefined || isSameDigest(this.#attributes, file.attributes() ?? new Uint8Array())
    ) {
      return undefined;
    }
    return file.setAttributes(this.#attributes) > 0 ? "extended attributes" : undefined;
  }
}

function isPermitted(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (error instanceof SluiceError && error.code === "PERMISSION") return false;
    throw error;
  }
}
