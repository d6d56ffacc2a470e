/**
 * `sluice pdiffcopy -B COUNT`: changes the target by more and more, copies again, and prints a table.
 */
import { formatPdiffBenchmark, mutatePdiffFile, parsePdiffLocation, PdiffClient } from "@sluice/pdiffcopy";
import type { PdiffBenchmarkRow, PdiffMutationPattern } from "@sluice/pdiffcopy";
import { EXIT, Failure } from "../shared/exit.ts";
import { checkTarget, ProtectedFiles, writeOutput } from "../shared/target.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import type { PdiffcopySettings } from "./options.ts";
import { clientOptions, interruptible } from "./session.ts";

const ALLOWED = "allowed";

/** Where rsync gets the source from; undefined where the environment does not say. */
function rsyncSource(filename: string): string | undefined {
  const [server, module, root] = ["SERVER", "MODULE", "ROOT"].map((name) =>
    Deno.env.get(`PDIFFCOPY_BENCHMARK_RSYNC_${name}`)
  );
  if (!server || !module || !root) return undefined;
  const prefix = root.endsWith("/") ? root : `${root}/`;
  if (!filename.startsWith(prefix)) throw new Failure(`The source does not lie below ${root}`);
  return `rsync://${server}/${module}/${filename.slice(prefix.length)}`;
}

async function timeRsync(source: string, target: string): Promise<number> {
  const started = performance.now();
  const { success, stderr } = await new Deno.Command("rsync", {
    args: ["--inplace", source, target],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Failure(`rsync failed: ${new TextDecoder().decode(stderr).trim()}`);
  return (performance.now() - started) / 1000;
}

/** Runs the benchmark; the target is equal to the source at the end, however that comes. */
export async function benchmarkCommand(
  settings: PdiffcopySettings,
  [source, target]: readonly string[],
  messages: Messages,
): Promise<number> {
  const there = parsePdiffLocation(target!);
  if (there.origin !== undefined) throw new Failure("The benchmark needs a local target");
  const path = there.filename;
  const files = await ProtectedFiles.of([path, source]);
  const output = { command: "pdiffcopy", force: settings.force, messages, files };
  if (settings.benchmarkJson !== undefined) await checkTarget(settings.benchmarkJson, output);
  const pattern = settings.benchmarkPattern as PdiffMutationPattern;
  const allowed = Deno.env.get("PDIFFCOPY_BENCHMARK") === ALLOWED ||
    (Deno.stdin.isTerminal() && confirm(`The benchmark changes ${path} again and again. Go on?`));
  if (!allowed) throw new Failure("The benchmark was not allowed; PDIFFCOPY_BENCHMARK=allowed allows it");
  const rsync = rsyncSource(parsePdiffLocation(source!).filename);
  const rows = await interruptible(messages, async (signal) => {
    const options = await clientOptions(settings, messages, source!, target!, signal);
    const client = new PdiffClient(options);
    const done: PdiffBenchmarkRow[] = [];
    await client.synchronize();
    try {
      for (let i = 1; i <= settings.benchmark; i++) {
        const percent = Math.floor(100 / settings.benchmark * i);
        await mutatePdiffFile(path, { percent, pattern });
        const cpu = cpuSeconds();
        const result = await client.synchronize();
        const row = {
          percent,
          bytesTransferred: result.bytesTransferred,
          wireBytes: result.wireBytesIn + result.wireBytesOut,
          seconds: result.seconds,
          cpuSeconds: cpu === undefined ? undefined : cpuSeconds()! - cpu,
        };
        messages.clearStatus();
        messages.say(LEVEL.notes, `${percent} %: ${result.seconds.toFixed(2)} s`);
        if (rsync === undefined) {
          done.push(row);
        } else {
          await mutatePdiffFile(path, { percent, pattern });
          done.push({ ...row, rsyncSeconds: await timeRsync(rsync, path) });
        }
      }
      return done;
    } catch (error) {
      await new PdiffClient({ ...options, signal: undefined }).synchronize();
      throw error;
    }
  });
  messages.clearStatus();
  console.log("Each row changed that much of the target (all bits of its chunks) before the copy.");
  console.log(formatPdiffBenchmark(rows));
  if (settings.benchmarkJson !== undefined) {
    const report = new TextEncoder().encode(`${JSON.stringify(rows, undefined, 2)}\n`);
    await writeOutput(settings.benchmarkJson, [report], output);
  }
  return EXIT.ok;
}

/** Clock ticks a second of Linux's process accounting. */
const TICKS = 100;

/** Seconds of the processor so far; undefined on systems that do not tell it in a file. */
function cpuSeconds(): number | undefined {
  try {
    const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /s, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return undefined;
  }
}
