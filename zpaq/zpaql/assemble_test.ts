import { assert, assertEquals, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { VECTORS } from "../../tests/_zpaq_data.ts";
import { modelSource } from "../block/_model_source.ts";
import { parseMethod } from "../block/_method.ts";
import { assembleZpaq, disassembleZpaq, listZpaqInstructions, readZpaqHeader, ZpaqMachine } from "../mod.ts";

const MODELS: Readonly<Record<string, string>> = {
  "x4,0": "0e00091000000000126887ff58723800",
  "x4,1,4,0,2,16": "0e00091000180000126887ff58723800",
  "x4,3ci1": "1d0009101818020305080b0000126887ff58725f00345f004a46193b703800",
  "x6,0ci1,1,1,1,2am":
    "4c0009100000080305080b0008110108140208140308140404181a0708000718ff00126887ff58725f00345f004a46193b0970193b0970193b0970193b0970193b093b705f064697188501703800",
  "x6,0ci1,1,1,1,2awm":
    "660009100000090305080b0008110108140208140308140404181a03140708000818ff00126887ff58725f00345f004a46193b0970193b0970193b0970193b0970193b093b705f0646971885017045afdf8f41afffe71a2f0a5f074697148501703f035f07343800",
  "x6,2,12,0,7,27,1c0,0,511i2":
    "60000910001a02030b08140000126887ff58720701df002f04476f3f16df012f11453702ef3f2f06d70601013f0201013f010237015f00344a0701ef012f120702e7402f04443c3f06d7063c07013c3f0647ff3c07023c5f004a46193b093b703800",
  "x4,0c3,1010,255,1300,127m10s16t0":
    "5d000910000004021602070a000118ff09100120ff0600020118ff00126887ff58725f003447ff870a58468aefff2f0247ff5f003c4a443c094701cf08872c814844af7f3c5f01344a04cf0884d706cf08705f02344a04cf0884cf08703800",
};

Deno.test("models of methods have the headers that zpaq writes", () => {
  for (const [method, header] of Object.entries(MODELS)) {
    assertEquals(assembleZpaq(modelSource(parseMethod(method))).header.toHex(), header, method);
  }
});

Deno.test("every header disassembles to a config that assembles to it", () => {
  for (
    const header of [
      ...VECTORS.map((vector) => vector.header),
      ...Object.values(MODELS).map(Uint8Array.fromHex),
    ]
  ) {
    assertEquals(assembleZpaq(disassembleZpaq(header)).header.toHex(), header.toHex());
  }
});

Deno.test("every instruction disassembles to the word that assembles to it", () => {
  for (let opcode = 1; opcode < 256; opcode++) {
    const size = opcode === 255 ? 3 : (opcode & 7) === 7 ? 2 : 1;
    const code = [opcode, ...new Array(size - 1).fill(0), 0];
    const [instruction] = listZpaqInstructions(Uint8Array.from(code));
    if (instruction!.text === "error") continue;
    assertEquals([...assembleZpaq(`comp 0 0 0 0 0 hcomp ${instruction!.text} end`).hcomp], code);
  }
});

const PROGRAMS: readonly [string, string][] = [
  ["a<<= 8 a+= 7 *b= 200 *b<>a", "c8410000"],
  ["a=0 a-- *b= 15 a&~*b", "f0ffffff"],
  ["b= 33 a<<=b", "82000000"],
  ["*b= 3 hash", "54d70600"],
  ["d= 5 *d= 9 d= 1 hashd a=*d", "72e90600"],
];

Deno.test("ZpaqMachine computes what programs mean", () => {
  for (const [source, expected] of PROGRAMS) {
    const { pcomp } = assembleZpaq(`comp 0 0 2 2 0 hcomp pcomp ; ${source} halt end`);
    const machine = new ZpaqMachine(pcomp!, { h: 2, m: 2 });
    machine.call(0x41);
    assertEquals(new Uint8Array(Uint32Array.of(machine.a).buffer).toHex(), expected, source);
  }
  const run = (source: string, inputs: number[]): number[] => {
    const { pcomp } = assembleZpaq(`comp 0 0 2 2 0 hcomp pcomp ; ${source} halt end`);
    const machine = new ZpaqMachine(pcomp!, { h: 2, m: 2 });
    inputs.forEach((input) => machine.call(input));
    return machine.output;
  };
  assertEquals(run("*c= 255 *c++ a=*c out *c-- a=*c out", [65]), [0, 255]);
  assertEquals(run("b=0 do a=b out b++ a> 2 until", [65]), [0, 1, 2, 3]);
  const count = "a> 255 if a=r 1 out a=r 2 out halt endif b=a a=r 1 a++ r=a 1 a=r 2 a+=b r=a 2";
  assertEquals(run(count, [65, 66, 67, 68, -1]), [4, 10]);
});

Deno.test("ZpaqMachine stops at breakpoints and when told, and says where it fails", () => {
  const { hcomp, sourceMap } = assembleZpaq("comp 0 0 0 0 0 hcomp\n a++\n b++ c++ halt end");
  assertEquals(sourceMap.map(({ pc, line }) => [pc, line]), [[0, 2], [1, 3], [2, 3], [3, 3]]);
  const machine = new ZpaqMachine(hcomp);
  machine.breakpoints.add(2);
  machine.start(7);
  assertEquals(machine.run(), "breakpoint");
  assertEquals([machine.a, machine.b, machine.c, machine.pc], [8, 1, 0, 2]);
  assertEquals(machine.run(), "halt");
  const seen: number[] = [];
  const watched = new ZpaqMachine(hcomp, { onStep: ({ pc }) => (seen.push(pc), pc < 1) });
  watched.start(0);
  assertEquals(watched.run(), "stopped");
  assertEquals(seen, [0, 1]);
  const endless = new ZpaqMachine(assembleZpaq("comp 0 0 0 0 0 hcomp do forever end").hcomp, { budget: 100 });
  assertEquals(assertThrows(() => endless.call(0), SluiceError).code, "BUDGET_EXCEEDED");
  const failing = new ZpaqMachine(assembleZpaq("comp 0 0 0 0 0 hcomp a++ error end").hcomp);
  assertEquals(assertThrows(() => failing.call(0), SluiceError).offset, 1);
});

Deno.test("structured words become short and long jumps", () => {
  const assemble = (source: string): string =>
    assembleZpaq(`comp 0 0 0 0 0 hcomp ${source} end`).hcomp.toHex();
  assertEquals(assemble("if a++ else b++ endif"), "2f03013f010900");
  assertEquals(assemble("ifl a++ elsel b++ endif"), "2703ff0900" + "01" + "ff0a00" + "09" + "00");
  assertEquals(assemble("do a++ a> 9 until"), "01ef092ffb00");
  const far = "a++ ".repeat(130);
  assert(assemble(`do ${far} while`).endsWith("2f03ff000000"));
  assertEquals(assemble("(a (nested) comment)a= $1+3"), "470300");
});

const FAULTS: readonly [string, string, number][] = [
  ["comp 0 0 0 0 0 hcomp\nnonsense end", "WORD", 21],
  ["comp 0 0 0 0 300 hcomp end", "NUMBER", 13],
  ["comp 0 0 0 0 0 hcomp a= 12x end", "NUMBER", 24],
  ["comp 0 0 0 0 0 hcomp if end", "NESTING", 21],
  ["comp 0 0 0 0 0 hcomp endif end", "NESTING", 21],
  ["comp 0 0 0 0 0 hcomp (open end", "COMMENT", 21],
  [`comp 0 0 0 0 0 hcomp if ${"a++ ".repeat(128)} endif end`, "JUMP", 21],
  ["comp 0 0 0 0 0 hcomp a++", "END", 24],
];

Deno.test("a config that is wrong says where", () => {
  for (const [config, code, offset] of FAULTS) {
    const error = assertThrows(() => assembleZpaq(config), SluiceError);
    assertEquals([error.code, error.offset], [code, offset], config.slice(0, 60));
  }
});

Deno.test("parseZpaqHeader reads components and estimates memory", () => {
  const { components, memoryUsage } = readZpaqHeader(VECTORS[0]!.header);
  assertEquals(components, [{ name: "cm", arguments: [9, 4] }]);
  assertEquals(memoryUsage, 4 + 1 + 4 + 1 + 11 + 300 + 4 * 512);
});
