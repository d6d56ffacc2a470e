/**
 * The commits that are here, the youngest first, to offer to another side; what that has, too, and all before it is left
 * out.
 */
import { NotFoundError } from "@sluice/internal";
import type { GitObjectId } from "../object/_object_id.ts";
import { ByAge } from "../repository/_history.ts";
import type { Objects } from "../repository/_objects.ts";

/** A commit that was seen. */
interface Node {
  readonly id: GitObjectId;
  readonly time: number;
  readonly parents: readonly GitObjectId[];
  isCommon: boolean;
  isWaiting: boolean;
}

/** A walk over the history of some commits. */
export class HaveWalk {
  readonly #objects: Objects;
  readonly #nodes = new Map<string, Node>();
  readonly #waiting = new ByAge<Node>();
  /** How many wait that the other side may not have. */
  #open = 0;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  /** Adds what a reference leads to; what is no commit, or absent, is passed over. */
  async add(id: GitObjectId, isCommon = false): Promise<void> {
    try {
      const target = await this.#objects.withoutTags(id);
      if (target.type === "commit") await this.#push(target.id, isCommon);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async #push(id: GitObjectId, isCommon: boolean): Promise<void> {
    const known = this.#nodes.get(`${id}`);
    if (known !== undefined) {
      if (isCommon) this.acknowledge(id);
      return;
    }
    const { parents, time } = await this.#objects.links(id);
    const node: Node = { id, time, parents, isCommon, isWaiting: true };
    this.#nodes.set(`${id}`, node);
    this.#waiting.add(node);
    if (!isCommon) this.#open++;
  }

  /** Notes that the other side has a commit, and so all before it. */
  acknowledge(id: GitObjectId): void {
    const pending = [id];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const node = this.#nodes.get(`${next}`);
      if (node === undefined || node.isCommon) continue;
      node.isCommon = true;
      if (node.isWaiting) this.#open--;
      pending.push(...node.parents);
    }
  }

  /** The commits to offer. */
  async *ids(): AsyncGenerator<GitObjectId, void, undefined> {
    while (this.#open > 0) {
      const node = this.#waiting.take()!;
      node.isWaiting = false;
      if (!node.isCommon) {
        this.#open--;
        yield node.id;
      }
      for (const parent of node.parents) {
        try {
          await this.#push(parent, node.isCommon);
        } catch (error) {
          if (!(error instanceof NotFoundError)) throw error; // a history that ends here
        }
      }
    }
  }
}
