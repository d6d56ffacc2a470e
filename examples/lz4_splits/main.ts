/**
 * Lines of a huge lz4 file that match a pattern, by several readers at a time: nothing but the index and the splits under
 * way are held, wherever the file is.
 *
 * An index is made once, by a machine that reads the whole file: `sluice lz4 index URL --lines -o huge.s4ix`. Then
 * `deno run -A examples/lz4_splits/main.ts https://host/huge.lz4 huge.s4ix PATTERN`, and for what
 * `sluice lz4 --encrypt=aes-256-gcm` encrypted `KEY=… deno run -A …`, with the key in hexadecimal.
 */
import {
  Lz4Archive,
  Lz4Index,
  openByteSource,
  openLz4AesGcmSource,
  planLz4Splits,
  SluiceError,
} from "@sluice/lz4";
import type { Lz4Split } from "@sluice/lz4";

const READERS = 4;
const SPLIT_SIZE = Number(Deno.env.get("SPLIT_SIZE") ?? 256 << 20);

const [file, indexFile, pattern] = Deno.args;
if (file === undefined || indexFile === undefined || pattern === undefined) {
  console.error("Usage: main.ts FILE|URL INDEX PATTERN");
  Deno.exit(1);
}
const key = Deno.env.get("KEY");
const matcher = new RegExp(pattern);

/** Counts the lines of a split that match; no line is in two splits. */
async function countIn(archive: Lz4Archive, { decompressedRange: [start, end] }: Lz4Split): Promise<number> {
  let count = 0;
  for await (const line of archive.lines(start, end - start)) {
    if (matcher.test(line)) count++;
  }
  return count;
}

try {
  const raw = await openByteSource(file);
  const source = key === undefined ? raw : await openLz4AesGcmSource(raw, { key: Uint8Array.fromHex(key) });
  const index = await Lz4Index.open(indexFile);
  if (!await index.matches(source)) throw new Error(`${indexFile} is the index of another file`);
  using archive = new Lz4Archive(source, index);
  const splits = planLz4Splits(source, index, { splitSize: SPLIT_SIZE, atLine: true });
  let [done, found] = [0, 0];
  const reader = async (): Promise<void> => {
    for (let next = await splits.next(); !next.done; next = await splits.next()) {
      const count = await countIn(archive, next.value);
      found += count;
      done++;
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  console.log(`${found} lines match in ${index.outputSize} bytes, ${done} splits`);
} catch (error) {
  if (!(error instanceof SluiceError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}
