/**
 * What opens files says on other runtimes that only Deno does, before anything else.
 */
import { assertEquals } from "@std/assert";
import ts from "typescript";
import { ROOT } from "../_tools/zig.ts";
import { inDirectory } from "./_directory.ts";
import { bundle, listRuntimes } from "./_runtimes.ts";

/** By the module that has them, calls that need files. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  "gitdb/mod.ts": [
    'm.GitRepository.open("folder")',
    'm.GitDatabase.open("folder")',
    'm.PackStore.open("folder")',
    'm.GitAlternatesStore.open("folder")',
    'new m.GitLooseStore("folder")',
    'm.indexGitPack("folder", new Uint8Array())',
  ],
  "zpaq/backup/backup.ts": ['m.ZpaqBackup.open("a.zpaq")'],
  "zstd/log/log.ts": ['m.ZstdLog.open("a.zst")'],
  "pdiffcopy/mod.ts": [
    'new m.PdiffClient({ source: "a", target: "b" })',
    'm.copyPdiffTree({ source: "a", target: "b" })',
    'm.createPdiffHandler({ root: "folder" })',
  ],
};

for (const { name, command } of await listRuntimes()) {
  Deno.test({
    name: `calls that open files say on ${name} that only Deno does`,
    ignore: command === undefined,
    fn: async () => {
      for (const [module, calls] of Object.entries(CALLS)) {
        await inDirectory(async (folder) => {
          await bundle(new URL(module, ROOT).pathname, folder);
          // Node 20 knows no `using`; the packages for npm are written so as well.
          const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
          const code = await Deno.readTextFile(`${folder}/bundle.mjs`);
          const { outputText } = ts.transpileModule(code, { compilerOptions });
          await Deno.writeTextFile(`${folder}/bundle.mjs`, outputText);
          const program = `import * as m from "./bundle.mjs";\n` + calls.map((call) => `
            try {
              await ${call};
              console.log("opened");
            } catch (error) {
              console.log(error.name, /^Cannot [a-z ]+: only Deno opens files$/.test(error.message) || error.message);
            }`).join("");
          await Deno.writeTextFile(`${folder}/program.mjs`, program);
          const { stdout, stderr } = await new Deno.Command(command!, { args: [`${folder}/program.mjs`] })
            .output();
          const lines = new TextDecoder().decode(stdout).trim().split("\n");
          assertEquals(lines, calls.map(() => "TypeError true"), new TextDecoder().decode(stderr));
        });
      }
    },
  });
}
