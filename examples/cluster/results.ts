/**
 * Results in Redis, each under the identity of its part: stored before the job is acknowledged, so that a job that is done
 * again finds what was done and counts once.
 */
import type { Redis } from "ioredis";

const RESULT_SECONDS = 7 * 24 * 3600;
const READ_COUNT = 500;
/** Redis runs a script as one step, and writes it to its file as one. */
const PUT_SCRIPT = `
if not redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2], "NX") then return 0 end
redis.call("HINCRBY", KEYS[2], "bytes", ARGV[3])
redis.call("EXPIRE", KEYS[2], ARGV[2])
return 1`;

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

  /**
   * Stores a result unless there is one, and returns the one that is stored from then on. The bytes that a run has done
   * grow with the first, in one step: whatever fails, they are those of the results that are there.
   */
  async put(
    run: string,
    identity: string,
    result: T,
    bytes: number,
  ): Promise<{ readonly result: T; readonly isFirst: boolean }> {
    const keys = [keyOf(identity), runKeyOf(run)];
    const isFirst =
      await this.#redis.eval(PUT_SCRIPT, 2, ...keys, JSON.stringify(result), RESULT_SECONDS, bytes) === 1;
    return { result: isFirst ? result : await this.get(identity) ?? result, isFirst };
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

function runKeyOf(run: string): string {
  return `sluice:run:${run}`;
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
    this.#key = runKeyOf(run);
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
