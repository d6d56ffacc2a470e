/**
 * What components guess, bit by bit, as the reference implementation's components guessed.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { vector } from "../../tests/_zpaq_data.ts";
import { assembleZpaq, traceZpaqPredictions } from "../mod.ts";

const encoder = new TextEncoder();

/** Logits and squashed last logit, by the number of the bit. */
type Expected = Readonly<Record<number, readonly [readonly number[], number]>>;

const ONE_COMPONENT: Readonly<Record<string, Expected>> = {
  "const 160": { 0: [[128], 28861], 8: [[128], 28861], 23: [[128], 28861] },
  "cm 9 4": {
    0: [[0], 16384],
    8: [[-103], 5461],
    9: [[103], 27306],
    10: [[103], 27306],
    11: [[-103], 5461],
    13: [[-103], 5461],
    16: [[-141], 3259],
    22: [[-141], 3259],
    23: [[0], 16384],
  },
  "icm 2": {
    0: [[0], 16384],
    8: [[-70], 8221],
    9: [[70], 24546],
    10: [[70], 24546],
    11: [[-70], 8221],
    13: [[-71], 8126],
    16: [[-103], 5461],
    22: [[-103], 5461],
    23: [[0], 16384],
  },
};

const ALL_NINE: Expected = {
  0: [[128, 0, 0, 0, 0, 0, 0, 18, 18, 18, 18], 18672],
  8: [[128, 0, 0, 0, 0, 0, -1, 16, 3, 9, 5], 17023],
  64: [[128, -164, -1, 0, -65, -84, -126, -54, -72, -64, -70], 8221],
  100: [[128, -103, -2, 0, -42, -53, -9, -20, -54, -38, -48], 10512],
  150: [[128, -103, -72, -291, -85, -88, -110, -89, -87, -88, -97], 5901],
  183: [[128, 164, 125, 325, 140, 144, 188, 181, 187, 184, 209], 31563],
};

/** A probability in 65536ths is twice the squashed logit and one. */
function squashed(probability: number): number {
  return (probability - 1) / 2;
}

for (const [component, expected] of Object.entries(ONE_COMPONENT)) {
  testBackends(`${component} guesses as the reference does`, (backend) => {
    const program = assembleZpaq(`comp 0 0 0 0 1 0 ${component} hcomp halt end`);
    const steps = [...traceZpaqPredictions(program, encoder.encode("aab"), { backend })];
    assertEquals(steps.map(({ bit }) => bit).join(""), "011000010110000101100010");
    for (const [at, [logits, squash]] of Object.entries(expected)) {
      const { logits: actual, probability } = steps[Number(at)]!;
      assertEquals([[...actual], squashed(probability)], [logits, squash], `bit ${at}`);
    }
  });
}

testBackends("all nine components together guess as the reference does", (backend) => {
  const data = encoder.encode("abracadabra abracadabra");
  const { header } = vector("all9");
  const steps = [...traceZpaqPredictions({ header }, data, { backend })];
  for (const [at, [logits, squash]] of Object.entries(ALL_NINE)) {
    const { logits: actual, probability } = steps[Number(at)]!;
    assertEquals([[...actual], squashed(probability)], [logits, squash], `bit ${at}`);
  }
  assertEquals([...steps[1]!.logits.subarray(6)], [-1, 17, 17, 17, 16]);
  assertEquals(squashed(steps[1]!.probability), 18421);
  const sum = steps.reduce(
    (sum, { probability }) => Math.imul(sum, 31) + squashed(probability) >>> 0,
    0,
  );
  assertEquals([steps.length, sum], [184, 2893872408]);
});

testBackends("a model without components has no guesses", (backend) => {
  const program = assembleZpaq("comp 0 0 0 0 0 hcomp end");
  const error = assertThrows(
    () => [...traceZpaqPredictions(program, encoder.encode("a"), { backend })],
    SluiceError,
  );
  assertEquals(error.code, "HEADER");
});
