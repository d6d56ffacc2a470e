/**
 * Makes the playground one HTML file that needs no server: bundles app.ts into index.html.
 *
 * Run `deno run -A examples/playground/build.ts FILE.html`, then open the file in a browser.
 */
const HERE = new URL("./", import.meta.url);

/** Builds the page and writes it to `path`. */
export async function buildPlayground(path: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "-q", "--platform=browser", "--minify", new URL("app.ts", HERE).pathname],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot bundle the playground: ${new TextDecoder().decode(stderr)}`);
  // The end tag of a script must not stand inside one.
  const script = new TextDecoder().decode(stdout).replaceAll("</script", "<\\/script");
  const html = await Deno.readTextFile(new URL("index.html", HERE));
  const tag = '<script type="module" src="./app.js"></script>';
  await Deno.writeTextFile(path, html.replace(tag, () => `<script type="module">${script}</script>`));
}

if (import.meta.main) {
  const [path] = Deno.args;
  if (path === undefined) {
    console.error("Usage: deno run -A examples/playground/build.ts FILE.html");
    Deno.exit(2);
  }
  await buildPlayground(path);
}
