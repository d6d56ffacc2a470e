/**
 * Makes the playground: one HTML file that needs no server, or a folder for a web server, whose page loads each codec
 * when it is needed.
 *
 * Run `deno run -A examples/playground/build.ts FILE.html` or `deno run -A examples/playground/build.ts FOLDER`.
 */
const HERE = new URL("./", import.meta.url);
const STYLE_TAG = '<link rel="stylesheet" href="./style.css">';
const SCRIPT_TAG = '<script type="module" src="./app.js"></script>';

async function bundle(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "-q", "--platform=browser", "--minify", ...args],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot bundle the playground: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function pathOf(name: string): string {
  return new URL(name, HERE).pathname;
}

/** The end tag of a script must not stand inside one. */
function inScript(source: string): string {
  return source.replaceAll("</script", "<\\/script");
}

/** Pages of files may start classic workers only, and these don't know `import.meta`. */
function asClassic(source: string): string {
  return source.replaceAll("import.meta.url", "self.location.href");
}

/** Builds the page as one file. */
export async function buildPlayground(path: string): Promise<void> {
  const [script, worker] = await Promise.all([bundle([pathOf("app.ts")]), bundle([pathOf("worker.ts")])]);
  const html = await Deno.readTextFile(pathOf("index.html"));
  const style = await Deno.readTextFile(pathOf("style.css"));
  const scripts = `<script type="text/plain" id="worker-source">${inScript(asClassic(worker))}</script>\n` +
    `    <script type="module">${inScript(script)}</script>`;
  await Deno.writeTextFile(
    path,
    html.replace(STYLE_TAG, () => `<style>\n${style}</style>`).replace(SCRIPT_TAG, () => scripts),
  );
}

/** Builds the page as a folder. */
export async function buildPlaygroundFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Promise.all([
    bundle([`--output=${folder}/app.js`, pathOf("app.ts")]),
    bundle(["--code-splitting", `--outdir=${folder}`, pathOf("worker.ts")]),
    Deno.copyFile(pathOf("index.html"), `${folder}/index.html`),
    Deno.copyFile(pathOf("style.css"), `${folder}/style.css`),
  ]);
}

if (import.meta.main) {
  const [path, ...others] = Deno.args;
  if (path === undefined || others.length > 0) {
    console.error("Usage: deno run -A examples/playground/build.ts FILE.html|FOLDER");
    Deno.exit(2);
  }
  await (path.endsWith(".html") ? buildPlayground(path) : buildPlaygroundFolder(path));
}
