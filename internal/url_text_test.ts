import { withoutUrlSecrets } from "@sluice/internal";
import { assertEquals } from "@std/assert";

Deno.test("texts lose the secrets of their URLs and nothing else", () => {
  for (
    const [text, expected] of [
      ["no URL at all? yes", "no URL at all? yes"],
      ["http://host/a b?c", "http://host/a b?c"],
      ["http://host:8080/a?b=c", "http://host:8080/a"],
      ["HTTPS://u@host/a#b", "HTTPS://host/a"],
      ["http://u:p%40@host", "http://host"],
      [
        '"http://u:p@[::1]:80/a?b" and http://h/x?y, http://h/z?(1).',
        '"http://[::1]:80/a" and http://h/x, http://h/z).',
      ],
      ["zstd: http://u:p@h/x?token=1: Cannot read", "zstd: http://h/x: Cannot read"],
      ["http://h/mail@example/a", "http://h/mail@example/a"],
    ] as const
  ) assertEquals(withoutUrlSecrets(text), expected);
});
