/**
 * Whole programs of the kinds that models are written for: Python, the interpreter and compiled code at every level do the
 * same with the same input, and what they do does not change.
 */
import { assertEquals } from "@std/assert";
import { LARGE_SAMPLES } from "../../bench/_zpaqlpy_large_samples.ts";
import { decoderInputs, decoderSource } from "../../bench/_packed_decoders.ts";
import { SAMPLES } from "../../bench/_zpaqlpy_samples.ts";
import { text } from "../../tests/_data.ts";
import { runnableSource, runPythonFile } from "../../tests/_python_file.ts";
import { HAS_PYTHON } from "../../tests/_python_reference.ts";
import { ZpaqMachine } from "../mod.ts";
import { compileZpaqlPy, runZpaqlPyHcomp, runZpaqlPyPcomp } from "./mod.ts";

const LEVELS = [0, 1, 2, "s"] as const;
const SIZE = 2400;
const END_OF_SEGMENT = 2 ** 32 - 1;
if (!HAS_PYTHON) console.log("SKIPPED: whole programs in Python: it is not installed");

/** A program with what one of its parts is fed. */
interface WholeProgram {
  readonly name: string;
  readonly source: string;
  readonly part: "hcomp" | "pcomp";
  readonly input: Uint8Array;
}

async function wholePrograms(): Promise<WholeProgram[]> {
  const samples = [...SAMPLES, ...LARGE_SAMPLES].flatMap(({ name, source, make }) => {
    const input = make(SIZE);
    return (["hcomp", "pcomp"] as const).map((part) => ({ name, source, part, input }));
  });
  const decoders = Object.entries(await decoderInputs(text(SIZE))).map(async ([name, input]) => ({
    name,
    source: await decoderSource(name),
    part: "pcomp" as const,
    input,
  }));
  return [...samples, ...await Promise.all(decoders)];
}

/** Contexts as lines, or what is written, as Python prints them. */
function interpreted({ source, part, input }: WholeProgram): string {
  if (part === "pcomp") return runZpaqlPyPcomp(source, [input])[0]!.join();
  return [...runZpaqlPyHcomp(source, input)].map(({ byte, contexts }) =>
    `${byte}: [${contexts.join(", ")}]\n`
  )
    .join("");
}

function compiled({ source, part, input }: WholeProgram, optimize: 0 | 1 | 2 | "s"): string {
  const { header, hcomp, pcomp } = compileZpaqlPy(source, { optimize }).program!;
  const [code, h, m] = part === "hcomp" ? [hcomp, header[2]!, header[3]!] : [pcomp!, header[4]!, header[5]!];
  const machine = new ZpaqMachine(code, { h, m, budget: 2 ** 26 });
  let lines = "";
  for (const byte of input) {
    machine.call(byte);
    if (part === "hcomp") lines += `${byte}: [${machine.h.subarray(0, header[6]).join(", ")}]\n`;
  }
  if (part === "hcomp") return lines;
  machine.call(END_OF_SEGMENT);
  return machine.output.map((byte) => byte & 255).join();
}

async function digestOf(result: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(result));
  return new Uint8Array(digest).toHex().slice(0, 16);
}

/** The beginning of the SHA-256 of what each does. */
const DIGESTS: Readonly<Record<string, string>> = {
  "tutorial RLE hcomp": "0570d45a1dedd164",
  "tutorial RLE pcomp": "f0bc38398516dc7c",
  "LZ77 hcomp": "b1b9602f4ad6e629",
  "LZ77 pcomp": "d2bcc3496eb0296e",
  "RLE and CM hcomp": "37273772b8cfedb4",
  "RLE and CM pcomp": "dd00ef7edb0b18ba",
  "pixels hcomp": "cc7d745bb10efd78",
  "pixels pcomp": "ceedc9a3b669223c",
  "arrays hcomp": "bb074f7e666121f7",
  "arrays pcomp": "810b25a7ad105e34",
  "pictures hcomp": "8b3f12b6885b6a63",
  "pictures pcomp": "9f889b0f7dfddc48",
  "many arrays hcomp": "892bbb2c5924dde4",
  "many arrays pcomp": "b7d317ca37b07926",
  "lz4 pcomp": "61c68106120d4524",
  "deflate pcomp": "61c68106120d4524",
  "zstd pcomp": "61c68106120d4524",
};

for (const program of await wholePrograms()) {
  const { name, source, part, input } = program;
  Deno.test(`${part} of "${name}" does the same at every level as in the interpreter and in Python`, async () => {
    const expected = interpreted(program);
    assertEquals(
      await digestOf(expected),
      DIGESTS[`${name} ${part}`],
      "what the interpreter does has changed",
    );
    for (const optimize of LEVELS) {
      const actual = compiled(program, optimize);
      // Not compared by lines: they are thousands.
      assertEquals(actual === expected, true, `level ${optimize}`);
    }
    if (!HAS_PYTHON) return;
    const { output, errors } = (await runPythonFile(runnableSource(source), input, part, "input"))!;
    assertEquals(errors, "");
    const printed = part === "pcomp" ? output.join() : new TextDecoder().decode(output);
    assertEquals(printed === expected, true, "Python differs");
  });
}
