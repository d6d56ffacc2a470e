/**
 * How much of a package's public interface has a doc comment, as `deno doc --json` lists it. Not a script of its own.
 */
import { runDeno } from "./command.ts";
import type { Member } from "./command.ts";
import { ROOT } from "./zig.ts";

/** What is documented of a package. */
export interface DocsCoverage {
  /** Exported symbols, and the members of those that are classes or interfaces. */
  readonly symbols: number;
  /** Names of those without a doc comment. */
  readonly missing: readonly string[];
}

/** What of the listing is read here. */
interface DocMember {
  readonly name: string;
  readonly jsDoc?: { readonly doc?: string };
  readonly accessibility?: string;
}
interface DocDeclaration {
  readonly declarationKind: string;
  readonly kind: string;
  readonly jsDoc?: { readonly doc?: string };
  readonly def?: { readonly properties?: readonly DocMember[]; readonly methods?: readonly DocMember[] };
}
interface DocListing {
  readonly nodes: Readonly<
    Record<string, { readonly symbols: readonly { name: string; declarations: readonly DocDeclaration[] }[] }>
  >;
}

/** Kinds whose members are part of the interface. */
const WITH_MEMBERS: ReadonlySet<string> = new Set(["class", "interface"]);

/** Looks through everything that a package exports. */
export async function measureDocs({ folder, exports }: Member): Promise<DocsCoverage> {
  const documented = new Map<string, boolean>();
  const note = (name: string, { jsDoc }: Pick<DocMember, "jsDoc">): void => {
    documented.set(name, documented.get(name) === true || (jsDoc?.doc ?? "") !== "");
  };
  const entries = Object.values(exports).map((path) => new URL(`${folder}/${path}`, ROOT).pathname);
  const { success, stdout, stderr } = await runDeno(["doc", "--json", ...entries]);
  if (!success) throw new Error(`Cannot list the symbols of ${folder}: ${stderr.trim()}`);
  const listing: DocListing = JSON.parse(stdout);
  for (const { symbols } of Object.values(listing.nodes)) {
    for (const { name, declarations } of symbols) {
      for (const declaration of declarations) {
        if (declaration.declarationKind !== "export") continue;
        note(name, declaration);
        if (!WITH_MEMBERS.has(declaration.kind)) continue;
        const { properties = [], methods = [] } = declaration.def ?? {};
        for (const member of [...properties, ...methods]) {
          if (member.accessibility === "private" || member.name.startsWith("[")) continue;
          note(`${name}.${member.name}`, member);
        }
      }
    }
  }
  const missing = [...documented].filter(([, has]) => !has).map(([name]) => name);
  return { symbols: documented.size, missing };
}
