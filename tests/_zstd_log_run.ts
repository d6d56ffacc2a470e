/**
 * Appends lines to a log until it is killed, and says how many are flushed: for the tests of logs.
 */
import { ZstdLog } from "@sluice/zstd/log";

const [path, from] = Deno.args;
const log = await ZstdLog.open(path!, { flushEvery: 10 });
for (let n = Number(from); true; n++) {
  await log.append(`line ${n}`);
  if ((n - Number(from)) % 10 === 9) console.log(n + 1);
}
