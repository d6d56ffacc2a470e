/**
 * The browser that tests of pages run in.
 */
const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Where it is; undefined, and said, where there is none. */
export function findChromium(tests: string): string | undefined {
  const path = PATHS.find(isFile);
  if (path === undefined) console.log(`SKIPPED: ${tests}: there is no Chromium`);
  return path;
}
