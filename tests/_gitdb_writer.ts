/**
 * Writes objects and packs into a database for as long as it lives. Arguments: the folder of objects, a seed.
 */
import { createPack, LooseStore } from "@sluice/gitdb";
import { Random } from "./_data.ts";

const [folder, seed] = Deno.args;
const random = new Random(Number(seed));
const store = new LooseStore(folder!);
const ids = [];
for (let i = 0;; i++) {
  ids.push(await store.write({ type: "blob", body: random.bytes(200 + random.below(60_000)) }));
  if (i === 0) console.log("it has begun");
  if (i % 10 === 9) {
    const requests = ids.slice(-10).map((id) => ({ id }));
    await createPack(`${folder}/pack`, store, requests, { durable: false });
  }
}
