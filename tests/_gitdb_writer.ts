/**
 * Writes objects and packs into a database for as long as it lives, takes packs in and repacks everything. Prints the id
 * of each object once it is stored. Arguments: the folder of objects, a seed.
 */
import { createGitPack, GitDatabase, indexGitPack, PackWriter, repackGitDatabase } from "@sluice/gitdb";
import { Random } from "./_data.ts";

const [folder, seed] = Deno.args;
const random = new Random(Number(seed));
const body = () => random.bytes(200 + random.below(60_000));
await using database = await GitDatabase.open(folder!);
const ids = [];
for (let i = 0;; i++) {
  const id = await database.write({ type: "blob", body: body() });
  ids.push(id);
  console.log(`${id}`);
  if (i % 10 === 9) {
    const requests = ids.slice(-10).map((id) => ({ id }));
    await createGitPack(`${folder}/pack`, database, requests, { durable: false });
  }
  if (i % 15 === 14) {
    const writer = new PackWriter({ window: 0 });
    const id = await writer.add({ type: "blob", body: body() });
    const { pack } = await writer.finish();
    await indexGitPack(`${folder}/pack`, new Blob([pack]).stream(), { durable: false });
    console.log(`${id}`);
  }
  if (i % 20 === 19) await repackGitDatabase(database, { delete: true, durable: false });
}
