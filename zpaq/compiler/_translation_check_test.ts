import { assert, assertEquals, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { assembleZpaq, ZpaqMachine } from "../mod.ts";
import { Lowering } from "./_lowering.ts";
import { readModule } from "./_module.ts";
import { checkTranslation, isSmall } from "./_translation_check.ts";
import { compileZpaqlPy } from "./mod.ts";

const SOURCE = `hh = hm = ph = pm = 2
n = len({0: "cm 9 4"})
pcomp_invocation = "x"
total = 3
def hcomp(c):
  global total
  total += c
  hH[0] = total << 9
def pcomp(c):
  global total
  if c == NONE:
    return
  total = (total * 5 + c) & 255
  pM[total & 3] = c
  out(total)
`;

/** Checks a section's own code with one part of its config replaced. */
function check(part: "hcomp" | "pcomp", change: (config: string) => string): void {
  const { reporter, header, ...programs } = readModule(SOURCE, "source", {
    strictSubset: false,
    allowSlash: false,
  });
  const settings = { level: 0, checked: false, machineShifts: false, streamTables: false } as const;
  const graph = new Lowering(programs[part]!, header!, reporter, settings).make();
  const { config } = compileZpaqlPy(SOURCE, { comments: false }).program!;
  const code = assembleZpaq(change(config))[part]!;
  const sizes = { H: { own: 2, whole: 2 }, M: { own: 2, whole: 2 } };
  assert(isSmall(code, sizes));
  checkTranslation({
    name: "source",
    graph,
    code,
    sizes,
    contexts: part === "hcomp" ? 1 : 0,
    make: (...args) => new ZpaqMachine(...args),
  });
}

Deno.test("the check of a translation accepts what the compiler makes", () => {
  check("hcomp", (config) => config);
  check("pcomp", (config) => config);
});

Deno.test("the check of a translation finds each instruction that is changed", () => {
  const changes: readonly (readonly ["hcomp" | "pcomp", RegExp, string, string])[] = [
    ["hcomp", /a<<= 9/, "a<<= 8", "computes the context"],
    ["pcomp", /\bout\b/, "a++", "writes"],
    ["pcomp", /\bout\b/, "a=a", "writes"],
    ["pcomp", /\bout\b/, "error", "fails"],
    ["pcomp", /(a> 255) jt \d+/, "$1 jt -2", "does not halt"],
    ["pcomp", /\*([bc])=(\w)/, "*$1=$2 *$1++", "instead of"],
  ];
  for (const [part, from, to, message] of changes) {
    const error = assertThrows(
      () =>
        check(part, (config) => {
          const changed = config.replace(from, to);
          assert(changed !== config, `${from} is in ${config}`);
          return changed;
        }),
      SluiceError,
      message,
    );
    assertEquals(error.code, "TRANSLATION");
  }
});
