/**
 * A directory of a test's own.
 */

/** Runs a test in a directory that is removed afterwards. */
export async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What a test does with its directory. */
type Run = (directory: string) => Promise<void>;

/** Registers a test, as `Deno.test` does, that gets a directory which is removed afterwards. */
export function testInDirectory(name: string, run: Run): void;
export function testInDirectory(
  name: string,
  options: Omit<Deno.TestDefinition, "name" | "fn">,
  run: Run,
): void;
export function testInDirectory(
  name: string,
  ...[options, run]: [Run] | [Omit<Deno.TestDefinition, "name" | "fn">, Run]
): void {
  if (typeof options === "function") Deno.test(name, () => inDirectory(options));
  else Deno.test(name, options, () => inDirectory(run!));
}
