/**
 * What is said before the first build, which takes minutes and prints nothing.
 */

/** What a first build says; undefined where all of what builds leave is there, as nothing takes long then. */
export async function firstBuildNotice(
  built: readonly URL[],
  modules: readonly string[],
): Promise<string | undefined> {
  const found = await Promise.all(built.map((path) => Deno.stat(path).then(() => true, () => false)));
  if (found.every(Boolean)) return undefined;
  const wasm = modules.length === 0 ? "all WASM modules" : `the WASM modules ${modules.join(", ")}`;
  return `First build: fetching C sources, compiling the native library and ${wasm} on ` +
    `${navigator.hardwareConcurrency} cores. This takes some minutes; later starts are quick.`;
}
