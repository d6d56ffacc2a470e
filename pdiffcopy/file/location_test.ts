import { assertEquals, assertThrows } from "@std/assert";
import { parsePdiffLocation } from "../mod.ts";

const LOCAL = [
  "file",
  "./a:b.bin",
  "a:b.bin",
  "/abs/path",
  "C:\\disk.img",
  "dir/http:/x",
  "name with space",
  "-",
];
for (const text of LOCAL) {
  Deno.test(`parsePdiffLocation takes "${text}" for a local file`, () => {
    const location = parsePdiffLocation(text);
    assertEquals([location.filename, location.origin, location.expression], [text, undefined, text]);
  });
}

const REMOTE: readonly (readonly [string, string, string])[] = [
  ["http://Host/f", "http://host:8080", "/f"],
  ["http://host:81/a/b", "http://host:81", "/a/b"],
  ["https://host/f", "https://host:8443", "/f"],
  ["pdiff+http://host/f", "http://host:8080", "/f"],
  ["http://user:secret@host/f", "http://host:8080", "/f"],
  ["http://[::1]:9000/f", "http://[::1]:9000", "/f"],
  ["http://host/a%20b/%C3%A9", "http://host:8080", "/a b/é"],
  ["http://host//double/../dots", "http://host:8080", "//double/../dots"],
  ["http://host/100%", "http://host:8080", "/100%"],
  ["http://host/raw space", "http://host:8080", "/raw space"],
];
for (const [text, origin, filename] of REMOTE) {
  Deno.test(`parsePdiffLocation reads "${text}" and writes it so that it reads the same`, () => {
    const location = parsePdiffLocation(text);
    assertEquals([location.origin, location.filename], [origin, filename]);
    assertEquals(parsePdiffLocation(location.expression), location);
  });
}

Deno.test("parsePdiffLocation keeps percent signs where paths are literal", () => {
  const location = parsePdiffLocation("http://host/a%20b?c", { literalPaths: true });
  assertEquals([location.filename, location.expression], ["/a%20b?c", "http://host:8080/a%20b?c"]);
});

const INVALID = [
  "",
  "http:///x",
  "http://host",
  "http://host/",
  "http://host:0/x",
  "http://host:99999/x",
  "http://ho st/x",
  "http://host/a?b",
  "http://host/a#b",
  "http://host/%ff",
  "http://host/%00",
  "ftp://host/x",
  "a\0b",
];
for (const text of INVALID) {
  Deno.test(`parsePdiffLocation refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parsePdiffLocation(text), RangeError, "Cannot read the location");
  });
}
