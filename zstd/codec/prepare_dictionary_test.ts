/**
 * Dictionaries that are digested before their first use, limits of the window in bytes, and decoders that are used once.
 */
import {
  compressZstd,
  decompressZstd,
  decompressZstdAsync,
  decompressZstdIterable,
  LimitExceededError,
  prepareZstdDictionary,
  SluiceError,
  trainZstdDictionary,
  ZstdDecoder,
  ZstdDictionary,
  ZstdEncoder,
} from "@sluice/zstd";
import type { ZstdDecompressOptions } from "@sluice/zstd";
import { DczDictionary, decompressDcz, decompressZstdContent } from "@sluice/zstd/http";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BACKENDS } from "../../tests/_backends.ts";
import { join, Random, text } from "../../tests/_data.ts";

for (const backend of BACKENDS) {
  Deno.test(`a dictionary is digested and validated when it is prepared [${backend}]`, () => {
    const samples = Array.from({ length: 300 }, (_, n) => text(200 + n % 50, n));
    const trained = trainZstdDictionary(samples, { size: 4000 });
    assertEquals(trained.prepare({ backend }), trained);
    const message = text(500, 3);
    for (const level of [1, 19]) {
      prepareZstdDictionary(trained, { level, backend });
      const frame = compressZstd(message, { dictionary: trained, level, backend });
      assertEquals(decompressZstd(frame, { dictionary: trained, backend }), message);
    }
    const damaged = trained.bytes.slice();
    damaged.fill(0xff, 8, 60);
    const dictionary = new ZstdDictionary(damaged);
    for (
      const prepare of [
        () => dictionary.prepare({ backend }),
        () => prepareZstdDictionary(dictionary, { backend }),
      ]
    ) {
      assertEquals(assertThrows(prepare, SluiceError).code, "DICTIONARY_CORRUPT");
    }
    new ZstdDictionary(damaged, { type: "raw" }).prepare({ backend });
    assertThrows(() => trained.prepare({ level: 3 } as never), TypeError, "level");
  });

  Deno.test(`the largest window is given in bytes as well [${backend}]`, async () => {
    const frame = compressZstd(new Random(1).bytes(300_000), { windowLog: 18, contentSize: false });
    const least = 2 ** 18;
    const decode = (options: ZstdDecompressOptions) => decompressZstd(frame, { ...options, backend });
    assertEquals(decode({ maxWindowSize: least }).length, 300_000);
    for (const maxWindowSize of [least - 1, 1024]) {
      const error = assertThrows(() => decode({ maxWindowSize }), LimitExceededError);
      assertEquals([error.code, error.limit], ["WINDOW_TOO_LARGE", maxWindowSize]);
      await assertRejects(() => decompressZstdAsync(frame, { maxWindowSize, backend }), LimitExceededError);
      await assertRejects(
        () => Array.fromAsync(decompressZstdIterable([frame], { maxWindowSize, backend })),
        LimitExceededError,
      );
    }
    assertThrows(() => decode({ maxWindowSize: least, maxWindowLog: 18 }), TypeError, "given as well");
    assertThrows(() => decode({ maxWindowSize: 1023 }), RangeError, "maxWindowSize");
    assertThrows(() => decode({ maxWindowSize: 2 ** 31 + 1 }), RangeError, "maxWindowSize");
  });

  Deno.test(`a decoder of one frame is used once if it is told so [${backend}]`, () => {
    const frame = compressZstd(text(1000));
    using decoder = new ZstdDecoder({ frames: "first", trailing: "error", backend });
    assertEquals(decoder.push(frame), text(1000));
    assertEquals(decoder.push(new Uint8Array()).length, 0);
    assertEquals(assertThrows(() => decoder.push(frame), SluiceError).code, "TRAILING_DATA");
    decoder.reset();
    assertEquals(decoder.push(frame), text(1000));
  });
}

Deno.test("the window of an HTTP body has its limit unless one is given, in either form", async () => {
  using encoder = new ZstdEncoder({ windowLog: 24 });
  const wide = join(encoder.push(new Random(2).bytes(300_000)), encoder.finish());
  assertThrows(() => decompressZstdContent(wide), LimitExceededError);
  assertEquals(decompressZstdContent(wide, { maxWindowSize: 2 ** 24 }).length, 300_000);
  assertEquals(decompressZstdContent(wide, { maxWindowLog: 24 }).length, 300_000);
  const dictionary = await DczDictionary.from(text(1000));
  await assertRejects(() => decompressDcz(wide, { dictionaries: [dictionary] }), SluiceError);
});
