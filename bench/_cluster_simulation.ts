/**
 * A run of the cluster as a sequence of events: workers take splits from a queue, read a range, do their work, are slow
 * at times, and are lost at times. Nothing is read or decoded.
 */

/** What a run is made of. Times are seconds, sizes bytes of content. */
export interface ClusterModel {
  readonly size: number;
  readonly splitSize: number;
  readonly workers: number;
  /** Content bytes that one worker does in a second, range already there. */
  readonly workRate: number;
  /** Bytes of the file for each byte of content. */
  readonly ratio: number;
  /** From a request to its first byte. */
  readonly rangeLatency: number;
  /** Bytes a second that one request gets. */
  readonly rangeRate: number;
  /** Bytes a second that the object store sends to all. */
  readonly storeRate: number;
  /** Planning a split and putting it into the queue. */
  readonly planSeconds: number;
  /** What a worker waits for the queue with each split. */
  readonly jobSeconds: number;
  /** What the one thread of Redis works on each split. */
  readonly redisSeconds: number;
  /** Reading the result of a split at the end. */
  readonly reduceSeconds: number;
  /** How many splits in a hundred take longer, and how many times as long. */
  readonly stragglerPercent: number;
  readonly stragglerFactor: number;
  /** How often each worker is lost in an hour, how long until its split starts again, and until it is back. */
  readonly failuresPerHour: number;
  readonly lockSeconds: number;
  readonly restartSeconds: number;
}

/** What came of it. */
export interface ClusterOutcome {
  readonly splits: number;
  /** Planning, work and reducing together. */
  readonly seconds: number;
  readonly planSeconds: number;
  readonly workSeconds: number;
  readonly reduceSeconds: number;
  /** Splits that were started again. */
  readonly repeated: number;
  /** Work of all workers that was not done for a split that counted, and waiting, in the time of the work. */
  readonly idle: number;
  /** What the work waits for. */
  readonly limit: "workers" | "Redis" | "object store";
}

/** A small generator with a seed, so that a table can be printed again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Times, the earliest first. */
class Schedule {
  readonly #times: number[] = [];

  get size(): number {
    return this.#times.length;
  }

  get first(): number {
    return this.#times[0] ?? Infinity;
  }

  add(time: number): void {
    const times = this.#times;
    let at = times.push(time) - 1;
    while (at > 0) {
      const parent = at - 1 >>> 1;
      if (times[parent]! <= time) break;
      times[at] = times[parent]!;
      at = parent;
    }
    times[at] = time;
  }

  take(): number {
    const times = this.#times;
    const first = times[0]!;
    const last = times.pop()!;
    if (times.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= times.length) break;
      if (child + 1 < times.length && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= last) break;
      times[at] = times[child]!;
      at = child;
    }
    times[at] = last;
    return first;
  }
}

/** What is busy for so much of the time is what the others wait for. */
const BUSY = 0.9;

/** Goes through a run. */
export function simulateCluster(model: ClusterModel): ClusterOutcome {
  const { size, splitSize, workers } = model;
  const splits = Math.ceil(size / splitSize);
  const random = randomOf(7);
  const free = new Schedule();
  for (let i = 0; i < workers; i++) free.add(0);
  /** Splits that were lost, by when they start again. */
  const lost = new Schedule();
  const fetched = splitSize * model.ratio;
  const duration = model.jobSeconds + model.rangeLatency + fetched / model.rangeRate +
    splitSize / model.workRate;
  let [redisFree, storeFree, end, repeated, useful] = [0, 0, 0, 0, 0];
  for (let next = 0; next < splits || lost.size > 0;) {
    const worker = free.take();
    const again = lost.first <= worker || next >= splits;
    const ready = again ? lost.take() : (next++, 0);
    // One thread serves the queue, and one line the ranges: each split takes its share of both.
    redisFree = Math.max(redisFree, Math.min(worker, ready)) + model.redisSeconds;
    storeFree = Math.max(storeFree, Math.min(worker, ready)) + fetched / model.storeRate;
    const start = Math.max(worker, ready, redisFree - model.redisSeconds);
    const slow = random() * 100 < model.stragglerPercent ? model.stragglerFactor : 1;
    const done = Math.max(start + duration * slow, storeFree);
    if (random() < -Math.expm1(-(done - start) * model.failuresPerHour / 3600)) {
      const at = start + random() * (done - start);
      repeated++;
      lost.add(at + model.lockSeconds);
      free.add(at + model.restartSeconds);
      continue;
    }
    useful += duration;
    end = Math.max(end, done);
    free.add(done);
  }
  const planSeconds = splits * model.planSeconds;
  const reduceSeconds = splits * model.reduceSeconds;
  const started = splits + repeated;
  const isLimit = (secondsEach: number): boolean => started * secondsEach > BUSY * end;
  const limit = isLimit(fetched / model.storeRate)
    ? "object store"
    : isLimit(model.redisSeconds)
    ? "Redis"
    : "workers";
  return {
    splits,
    seconds: planSeconds + end + reduceSeconds,
    planSeconds,
    workSeconds: end,
    reduceSeconds,
    repeated,
    idle: end > 0 ? 1 - useful / (end * workers) : 0,
    limit,
  };
}
