import { assertEquals } from "@std/assert";
import { transferLine } from "./progress.ts";

Deno.test("a transfer's line has its share, its speed and its end", () => {
  assertEquals(transferLine(0, 0, 0), "0 B / 0 B (100.0%), 0 B/s");
  assertEquals(
    transferLine(1 << 20, 4 << 20, 1 << 20),
    "1.000 MiB / 4.00 MiB (25.0%), 1.000 MiB/s, 3 s left",
  );
  assertEquals(
    transferLine(2 ** 30, 800 * 2 ** 30, 100 * 2 ** 20),
    "1.000 GiB / 800 GiB (0.1%), 100 MiB/s, 2 h 16 min left",
  );
  assertEquals(transferLine(0, 100, 1), "0 B / 100 B (0.0%), 1 B/s, 1 min 40 s left");
});
