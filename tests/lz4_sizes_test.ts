/**
 * Blocks of values below 64 KiB, which the codec searches with a finer table: as small as those of the lz4 tool.
 */
import { assertEquals } from "@std/assert";
import { compressLz4, readLz4FrameHeader } from "@sluice/lz4";
import { testBackends } from "./_backends.ts";
import { Random, text } from "./_data.ts";

const SOURCE = text(80_000, 5);
/** 200 sizes, denser where they are small, and around the border between the two tables. */
const SIZES = [
  ...Array.from({ length: 191 }, (_, i) => 16 + Math.floor(i * i * 1.81)),
  ...[65534, 65535, 65536, 65537, 65545, 65546, 65547, 65548, 70_000],
];
const LEVELS = ["-1", "-3", "-9", "-12", "--fast=3"];

async function toolFrames(level: string, folder: string): Promise<Uint8Array[]> {
  const names = SIZES.map((size) => `${folder}/${size}`);
  for (const [i, size] of SIZES.entries()) Deno.writeFileSync(names[i]!, SOURCE.subarray(0, size));
  const { success, stderr } = await new Deno.Command("lz4", {
    args: ["-q", "-f", "-m", level, ...names],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return names.map((name) => Deno.readFileSync(`${name}.lz4`));
}

const withTool = await new Deno.Command("lz4", { args: ["--version"] }).output().then(
  ({ success }) => success,
  () => false,
);
if (!withTool) console.log("SKIPPED: sizes of lz4 blocks: the lz4 tool is not installed");

for (const level of LEVELS) {
  testBackends(`blocks of 200 sizes are those of lz4 ${level}`, async () => {
    if (!withTool) return;
    const folder = Deno.makeTempDirSync();
    try {
      const frames = await toolFrames(level, folder);
      const number = Number(level.replace("--fast=", "-").slice(1));
      for (const [i, size] of SIZES.entries()) {
        const ours = compressLz4(SOURCE.subarray(0, size), {
          level: level.startsWith("--") ? -number : number,
          contentSize: "none",
        });
        const tool = frames[i]!;
        const blocks = (frame: Uint8Array) => {
          const info = readLz4FrameHeader(frame);
          return frame.subarray(info.headerSize);
        };
        assertEquals(blocks(ours).length, blocks(tool).length, `size ${size}`);
        if (size <= 65536) assertEquals(blocks(ours), blocks(tool), `size ${size}`);
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}

testBackends("level -0 is level 0", () => {
  const content = new Random(3).bytes(100);
  assertEquals(compressLz4(content, { level: -0 }), compressLz4(content, { level: 0 }));
});
