import { assertEquals, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import { concatBytes, SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, splits, text } from "../../tests/_data.ts";
import { vector } from "../../tests/_zpaq_data.ts";
import { compressZpaq, ZpaqDecoder, ZpaqEncoder } from "../mod.ts";

testBackends("ZpaqDecoder gives the content at every split", (backend) => {
  const before = liveHandleCount();
  const { archive, content } = vector("all9");
  for (const pieces of splits(archive)) {
    using decoder = new ZpaqDecoder({ backend });
    const output = [...pieces.map((piece) => decoder.push(piece)), decoder.finish()];
    assertEquals(new TextDecoder().decode(concatBytes(output)), content);
    assertEquals(decoder.ended, true);
  }
  assertEquals(liveHandleCount(), before);
});

testBackends("ZpaqEncoder writes what compressZpaq writes, however it is fed", (backend) => {
  const data = text(50_000);
  const options = { method: "2", blockSize: 20_000, backend };
  for (const size of [1000, 20_000, 50_000]) {
    using encoder = new ZpaqEncoder(options);
    const output = [...chunks(data, size)].map((chunk) => encoder.push(chunk));
    assertEquals(concatBytes([...output, encoder.finish()]), compressZpaq(data, options));
  }
});

testBackends("push engines say when they are used wrongly", (backend) => {
  const { archive } = vector("all9");
  using decoder = new ZpaqDecoder({ backend });
  decoder.push(archive.subarray(0, 140));
  const error = assertThrows(() => decoder.finish(), SluiceError);
  assertEquals(error.code, "TRUNCATED");
  decoder.close();
  assertThrows(() => decoder.push(archive), TypeError);
  assertThrows(() => decoder.finish(), TypeError);
  const encoder = new ZpaqEncoder({ backend });
  encoder.finish();
  assertThrows(() => encoder.push(archive), TypeError);
  encoder.close();
  assertThrows(() => encoder.finish(), TypeError);
});
