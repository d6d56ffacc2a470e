/**
 * The simulation of the cluster where its result can be worked out by hand.
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { simulateCluster } from "./_cluster_simulation.ts";
import type { ClusterModel } from "./_cluster_simulation.ts";

/** 100 splits of a second each, and nothing else. */
const PLAIN: ClusterModel = {
  size: 100e6,
  splitSize: 1e6,
  workers: 1,
  workRate: 1e6,
  ratio: 0.5,
  rangeLatency: 0,
  rangeRate: Infinity,
  storeRate: Infinity,
  planSeconds: 0,
  jobSeconds: 0,
  redisSeconds: 0,
  reduceSeconds: 0,
  stragglerPercent: 0,
  stragglerFactor: 1,
  failuresPerHour: 0,
  lockSeconds: 0,
  restartSeconds: 0,
};

function seconds(change: Partial<ClusterModel>): number {
  return simulateCluster({ ...PLAIN, ...change }).seconds;
}

Deno.test("workers divide the work, up to one split each", () => {
  assertAlmostEquals(seconds({}), 100, 1e-6);
  assertAlmostEquals(seconds({ workers: 4 }), 25, 1e-6);
  assertAlmostEquals(seconds({ workers: 3 }), 34, 1e-6);
  assertAlmostEquals(seconds({ workers: 1000 }), 1, 1e-6);
});

Deno.test("what each split costs is added", () => {
  assertAlmostEquals(seconds({ jobSeconds: 0.5, rangeLatency: 0.25 }), 175, 1e-6);
  assertAlmostEquals(seconds({ rangeRate: 1e6 }), 150, 1e-6);
  assertAlmostEquals(seconds({ planSeconds: 0.1, reduceSeconds: 0.1, workers: 100 }), 21, 1e-6);
});

Deno.test("Redis and the object store bound many workers", () => {
  const redis = simulateCluster({ ...PLAIN, workers: 100, redisSeconds: 0.1 });
  assertAlmostEquals(redis.workSeconds, 10.9, 0.11);
  assertEquals(redis.limit, "Redis");
  const store = simulateCluster({ ...PLAIN, workers: 100, storeRate: 5e6 });
  assertAlmostEquals(store.workSeconds, 10, 0.11);
  assertEquals(store.limit, "object store");
  assertEquals(simulateCluster(PLAIN).limit, "workers");
});

Deno.test("stragglers and losses cost time, and every split is done", () => {
  assert(seconds({ stragglerPercent: 10, stragglerFactor: 5 }) > 110);
  const lossy = simulateCluster({
    ...PLAIN,
    workers: 10,
    failuresPerHour: 360,
    lockSeconds: 5,
    restartSeconds: 10,
  });
  assert(lossy.repeated > 0 && lossy.seconds > 10 && lossy.seconds < 100, `${lossy.seconds}`);
  assert(lossy.idle > 0 && lossy.idle < 1);
});

Deno.test("an empty file has no splits", () => {
  assertEquals([simulateCluster({ ...PLAIN, size: 0 }).splits, seconds({ size: 0 })], [0, 0]);
});
