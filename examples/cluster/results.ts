/**
 * Results in Redis, each under the identity of its part: stored before the job is acknowledged, so that a job that is done
 * again finds what was done and counts once.
 */
import type { Redis } from "ioredis";

const RESULT_SECONDS = 7 * 24 * 3600;
const READ_COUNT = 500;

/** Stored results of parts, and what is known of runs. */
export class Results<T> {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** The result that is stored; undefined where there is none. */
  async get(identity: string): Promise<T | undefined> {
    const text = await this.#redis.get(keyOf(identity));
    return text === null ? undefined : JSON.parse(text);
  }

  /** Stores a result unless there is one, and returns the one that is stored from then on. */
  async put(identity: string, result: T): Promise<{ readonly result: T; readonly isFirst: boolean }> {
    const key = keyOf(identity);
    const set = await this.#redis.set(key, JSON.stringify(result), "EX", RESULT_SECONDS, "NX");
    if (set === "OK") return { result, isFirst: true };
    return { result: await this.get(identity) ?? result, isFirst: false };
  }

  /** Many results in the order of their identities. */
  async *getAll(identities: readonly string[]): AsyncGenerator<T, void, undefined> {
    for (let at = 0; at < identities.length; at += READ_COUNT) {
      const keys = identities.slice(at, at + READ_COUNT).map(keyOf);
      for (const [i, text] of (await this.#redis.mget(keys)).entries()) {
        if (text === null) throw new Error(`the result ${keys[i]} is gone`);
        yield JSON.parse(text);
      }
    }
  }
}

function keyOf(identity: string): string {
  return `sluice:result:${identity}`;
}

/** What all workers know of a run: how far it is, and why it was stopped. */
export class RunState {
  readonly #redis: Redis;
  readonly #key: string;

  constructor(redis: Redis, run: string) {
    this.#redis = redis;
    this.#key = `sluice:run:${run}`;
  }

  /** Adds content bytes of a part that was done. */
  async addBytes(count: number): Promise<void> {
    await this.#redis.hincrby(this.#key, "bytes", count);
    await this.#redis.expire(this.#key, RESULT_SECONDS);
  }

  /** Content bytes of all parts that were done. */
  async bytes(): Promise<number> {
    return Number(await this.#redis.hget(this.#key, "bytes") ?? 0);
  }

  /** Stops the run: parts that were not started fail with this reason. */
  async stop(reason: string): Promise<void> {
    await this.#redis.hsetnx(this.#key, "stopped", reason);
  }

  /** Why the run was stopped; undefined where it was not. */
  async stopped(): Promise<string | undefined> {
    return await this.#redis.hget(this.#key, "stopped") ?? undefined;
  }
}
