/**
 * The runtimes beside Deno that the packages are tried on. Node is taken as it is installed; Bun also from npm.
 */
import { assertEquals } from "@std/assert";
import { ROOT } from "../_tools/zig.ts";

/** A runtime that executes modules. */
export interface Runtime {
  readonly name: string;
  /** The command that runs a file; undefined where the runtime can't be had. */
  readonly command: string | undefined;
}

const BUN_VERSION = "1.4.5";
const BUN_PACKAGES: Readonly<Record<string, string>> = {
  x86_64: "@oven/bun-linux-x64-baseline",
  aarch64: "@oven/bun-linux-aarch64",
};

async function starts(command: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args: ["--version"], stdout: "null" }).output();
    return success;
  } catch {
    return false;
  }
}

/** Bun on PATH, else of npm, kept with the build's other downloads. */
async function findBun(): Promise<string | undefined> {
  if (await starts("bun")) return "bun";
  const name = BUN_PACKAGES[Deno.build.arch];
  if (Deno.build.os !== "linux" || name === undefined || !await starts("npm")) return undefined;
  const folder = new URL(".zig/bun", ROOT).pathname;
  const command = `${folder}/node_modules/${name}/bin/bun`;
  if (await starts(command)) return command;
  const args = ["install", "--no-save", "--no-audit", "--no-fund", `--prefix=${folder}`];
  await new Deno.Command("npm", { args: [...args, `${name}@${BUN_VERSION}`], stdout: "null", stderr: "null" })
    .output();
  return await starts(command) ? command : undefined;
}

/** Node and Bun; says which can't be had. */
export async function listRuntimes(): Promise<readonly Runtime[]> {
  const runtimes: readonly Runtime[] = [
    { name: "Node", command: await starts("node") ? "node" : undefined },
    { name: "Bun", command: await findBun() },
  ];
  for (const { name, command } of runtimes) {
    if (command === undefined) console.log(`SKIPPED: the packages on ${name}: it can not be had here`);
  }
  return runtimes;
}

/** Bundles a package to one module in a folder, `bundle.mjs`. */
export async function bundle(entry: string, folder: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "-q", "--platform=browser", `--output=${folder}/bundle.mjs`, entry],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}
