import { assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { settleBackwards } from "./_backward_flow.ts";
import { BitsPool } from "./_bits.ts";

Deno.test("sets of bits do what sets of numbers do, of every size and from two pools", () => {
  const random = new Random(3);
  for (const size of [1, 31, 32, 33, 511, 512, 513, 6000, 70_000]) {
    const pools = [new BitsPool(size), new BitsPool(size)];
    const sets = Array.from(
      { length: 24 },
      (_, i) => ({ bits: pools[i & 1]!.make(), own: new Set<number>() }),
    );
    for (let step = 0; step < 3000; step++) {
      const at = random.below(sets.length);
      const [to, from, without] = [sets[at]!, sets[random.below(24)]!, sets[(at + 2) % 24]!];
      const index = random.below(size);
      const count = to.own.size;
      switch (random.below(6)) {
        case 0:
          to.bits.delete(index);
          to.own.delete(index);
          break;
        case 1:
          for (const each of from.own) to.own.add(each);
          assertEquals(to.bits.addAll(from.bits), to.own.size > count);
          break;
        case 2: {
          const after = sets[(at + 4) % 24]!;
          for (const each of after.own) if (!without.own.has(each)) to.own.add(each);
          assertEquals(to.bits.addWithout(after.bits, without.bits), to.own.size > count);
          break;
        }
        case 3:
          sets[at] = { bits: to.bits.copy(), own: new Set(to.own) };
          break;
        default:
          to.bits.add(index);
          to.own.add(index);
      }
      assertEquals(sets[at]!.bits.has(index), sets[at]!.own.has(index));
      if (step % 100 === 0) assertEquals([...to.bits], [...to.own].sort((a, b) => a - b));
    }
  }
});

Deno.test("facts flow backwards until none changes, whatever the order of blocks", () => {
  const random = new Random(4);
  for (const count of [0, 1, 31, 32, 33, 64, 200]) {
    const after = Array.from(
      { length: count },
      () => Array.from({ length: random.below(3) }, () => random.below(count)),
    );
    const before = after.map((_, i) => after.flatMap((all, k) => all.includes(i) ? [k] : []));
    const facts = after.map((_, i) => i % 7 === 3);
    settleBackwards(before, (i) => {
      if (facts[i] || !after[i]!.some((next) => facts[next])) return false;
      return facts[i] = true;
    });
    after.forEach((all, i) => assertEquals(facts[i], i % 7 === 3 || all.some((next) => facts[next])));
  }
});
