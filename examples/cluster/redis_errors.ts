/**
 * What is said about a Redis that does not answer.
 */
import type { Redis } from "ioredis";

const REMINDER_MS = 30_000;

/**
 * Reports errors of a connection and of what uses it. While Redis is away that is one line, which is said again now and
 * then: the client tries again by itself.
 */
export function redisReporter(redis: Redis, url: string): (error: Error) => void {
  const { host } = new URL(url); // the address may have a password
  let saidAt = -Infinity;
  redis.on("ready", () => saidAt = -Infinity);
  return (error) => {
    const reason = error.message || error.name;
    const isLost = redis.status !== "ready" || "syscall" in error; // the status changes after the error
    if (!isLost) return console.error(reason);
    if (performance.now() - saidAt < REMINDER_MS) return;
    saidAt = performance.now();
    console.error(`waiting for Redis at ${host}: ${reason}`);
  };
}
