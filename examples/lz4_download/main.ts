/**
 * A download of any size that survives drops, kills and reboots: run it again and it goes on where it was.
 *
 * `deno run -A examples/lz4_download/main.ts https://host/huge.lz4 huge`, and for what
 * `openssl enc -aes-256-ctr -pbkdf2` encrypted `PASSWORD=… deno run -A …`.
 */
import { downloadLz4, SluiceError } from "@sluice/lz4/download";

const [url, path] = Deno.args;
if (url === undefined || path === undefined) {
  console.error("Usage: main.ts URL OUTPUT");
  Deno.exit(1);
}
const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort(new Error("stopped; run it again to go on")));
const password = Deno.env.get("PASSWORD");
try {
  const { size, resumedFrom, verified } = await downloadLz4(new URL(url), path, {
    aesCtr: password === undefined ? undefined : { password },
    signal: stop.signal,
    onProgress: ({ bytesIn, total }) => console.error(`${(100 * bytesIn / total).toFixed(1)} %`),
  });
  console.log(`${size} bytes, ${resumedFrom} of them from earlier runs; verified: ${verified}`);
} catch (error) {
  if (!(error instanceof SluiceError) && error !== stop.signal.reason) throw error;
  console.error((error as Error).message);
  Deno.exit(1);
}
Deno.exit(0); // the signal listener keeps the process
