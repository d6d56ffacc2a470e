/**
 * The project's own lint rules: which room may import which, where Deno's own API may stand, how error messages read,
 * one name for one idea, and no leftovers. That `any` is not used is the rule `no-explicit-any`, which Deno recommends.
 *
 * Run `deno lint`; deno.json names this file as a plugin.
 */
import { brokenRule } from "./names_table.ts";
import type { NamePlace } from "./names_table.ts";
import { KERNEL, MAY_IMPORT, placeOf, roomFault } from "./rooms_table.ts";
import type { Place } from "./rooms_table.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** Packages whose rooms the table lists: only their kernels call into ffi. */
const MODULES: ReadonlySet<string> = new Set(["zstd", "lz4", "gitdb", "zpaq", "pdiffcopy"]);

/** Rooms of scripts, which may use each other and everything else. */
const TOOL_ROOMS: ReadonlySet<string> = new Set(["_tools", "bench", "vendor"]);

/** Packages of others that published code may import. */
const DEPENDENCIES: readonly string[] = ["@std/streams", "@std/cli"];

/** Rooms and files that run under Deno only; everything else also runs in browsers, on Node and at the edge. */
const DENO_ONLY: readonly string[] = [
  "cli/",
  "vendor/fetch.ts",
  "ffi/_native.ts",
  "ffi/install_native.ts",
  "ffi/_resolve.ts",
  "pdiffcopy/kernel/file.ts",
  "internal/file_source.ts",
  "zstd/file/_path_sink.ts",
  "zstd/log/",
  "lz4/download/",
  "zpaq/backup/",
  "zpaq/kernel/tree.ts",
  "gitdb/object/_fs.ts",
  "gitdb/loose/_loose_files.ts",
  "gitdb/loose/_loose_presence.ts",
  "gitdb/object/_shared_mode.ts",
  "gitdb/write/create_pack.ts",
  "gitdb/write/index_pack.ts",
  "gitdb/write/maintenance.ts",
  "gitdb/write/repack.ts",
  "gitdb/write/lock_file.ts",
  "gitdb/write/_lock_file.ts",
  "gitdb/repository/",
  "gitdb/remote/_checkout.ts",
  "gitdb/remote/_new_repository.ts",
  "gitdb/remote/_shallow_file.ts",
  "gitdb/pack/_pack_files.ts",
  "gitdb/loose/loose_store.ts",
  "pdiffcopy/client/_copy_sides.ts",
  "pdiffcopy/file/_files.ts",
  "pdiffcopy/wire/_http.ts",
  "pdiffcopy/wire/_tree_changes.ts",
  "pdiffcopy/wire/_body_sender.ts",
  "pdiffcopy/copy/_local_source.ts",
  "pdiffcopy/file/_confinement.ts",
  "pdiffcopy/file/_portable_",
  "pdiffcopy/file/_retry.ts",
  "pdiffcopy/server/_",
  "pdiffcopy/copy/_target.ts",
  "pdiffcopy/client/_tree_sides.ts",
  "pdiffcopy/copy/_side_files.ts",
  "pdiffcopy/copy/_leftovers.ts",
  "pdiffcopy/copy/_owner_write.ts",
  "pdiffcopy/copy/_tree_",
  "pdiffcopy/index/_index_copy.ts",
  "pdiffcopy/client/benchmark.ts",
  "pdiffcopy/client/client.ts",
  "pdiffcopy/file/operations.ts",
  "pdiffcopy/server/server.ts",
  "pdiffcopy/client/tree.ts",
];

function placeOfFile(context: Deno.lint.RuleContext): Place {
  const { filename } = context;
  return placeOf(filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename);
}

/** The place that a specifier names; undefined where that is not in this project. */
function target(specifier: string, from: Place): Place | undefined {
  if (specifier.startsWith("@sluice/")) return placeOf(`${specifier.slice("@sluice/".length)}/`);
  if (!/^\.{1,2}\//.test(specifier)) return undefined;
  return placeOf(new URL(specifier, `file:///${from.path}`).pathname.slice(1));
}

function isPrivate(path: string): boolean {
  return path.split("/").at(-1)!.startsWith("_");
}

/** Why the file may not import this; undefined when it may. */
function importFault(from: Place, specifier: string, typeOnly: boolean): string | undefined {
  const to = target(specifier, from);
  if (to?.package === "_tools" && !TOOL_ROOMS.has(from.package) && from.package !== "tests") {
    return "_tools is imported by tools and tests only";
  }
  if (to?.package === "cli" && from.package !== "cli") return "cli is imported by nothing";
  const allowed = MAY_IMPORT[from.package];
  if (allowed === undefined || from.isTest) return undefined;
  if (to === undefined) {
    const known = DEPENDENCIES.some((name) => specifier === name || specifier.startsWith(`${name}/`));
    return known ? undefined : `published code depends on ${DEPENDENCIES.join(" and ")} only`;
  }
  if (to.package === from.package) {
    const upward = isPrivate(from.path) && !isPrivate(to.path) && !typeOnly && MODULES.has(from.package) &&
      to.room !== KERNEL;
    return roomFault(from, to) ??
      (upward ? "a private file of a module takes only types from its public files" : undefined);
  }
  if (!allowed.includes(to.package)) return `${from.package} may not import ${to.package}`;
  if (specifier.startsWith(".")) return `${to.package} is entered by @sluice/${to.package}, not by a path`;
  if (to.package === "ffi" && MODULES.has(from.package) && from.room !== KERNEL && !typeOnly) {
    return "only the kernel of a module calls into ffi";
  }
  return undefined;
}

const importDirection: Deno.lint.Rule = {
  create(context) {
    const from = placeOfFile(context);
    function check(node: Deno.lint.Node, source: Deno.lint.Node | null, typeOnly: boolean): void {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const fault = importFault(from, source.value, typeOnly);
      if (fault !== undefined) {
        context.report({ node, message: fault, hint: "see the picture in ARCHITECTURE.md" });
      }
    }
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind === "type"),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === "type"),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === "type"),
      ImportExpression: (node) => check(node, node.source, false),
    };
  },
};

const denoOnly: Deno.lint.Rule = {
  create(context) {
    const { path, package: name, isTest } = placeOfFile(context);
    if (isTest || MAY_IMPORT[name] === undefined || DENO_ONLY.some((prefix) => path.startsWith(prefix))) {
      return {};
    }
    return {
      MemberExpression(node): void {
        if (node.object.type !== "Identifier" || node.object.name !== "Deno") return;
        context.report({
          node,
          message: "Deno's own API may not be used here: this file also runs in browsers",
          hint: "move the call to a file that _tools/lint_plugin.ts lists in DENO_ONLY",
        });
      },
    };
  },
};

/** Functions that Node 20 or browsers of last year lack. */
const TOO_NEW: ReadonlySet<string> = new Set([
  "Promise.withResolvers",
  "Promise.try",
  "Array.fromAsync",
  "Map.groupBy",
  "Object.groupBy",
]);

/** Methods and objects that they lack, whatever they are called on. */
const TOO_NEW_MEMBERS: ReadonlySet<string> = new Set([
  "toHex",
  "fromHex",
  "setFromHex",
  "toBase64",
  "fromBase64",
  "setFromBase64",
  "transfer",
  "transferToFixedLength",
  "hardwareConcurrency",
]);

/** Files that do without what a host lacks; others call them. */
const STAND_INS: readonly string[] = ["internal/host.ts", "ffi/_wasm_modules.ts"];

const portable: Deno.lint.Rule = {
  create(context) {
    const { path, package: name, isTest } = placeOfFile(context);
    if (isTest || MAY_IMPORT[name] === undefined || DENO_ONLY.some((prefix) => path.startsWith(prefix))) {
      return {};
    }
    return {
      VariableDeclaration(node): void {
        if (!node.kind.includes("using")) return;
        context.report({
          node,
          message: '"using" may not stand here: this file also runs in browsers and on Node 20',
          hint: "close it in a finally block",
        });
      },
      MemberExpression(node): void {
        if (node.property.type !== "Identifier") return;
        const member = node.property.name;
        if (TOO_NEW_MEMBERS.has(member) && !STAND_INS.includes(path)) {
          context.report({
            node,
            message: `${member} may not stand here: Node 20 does not have it`,
            hint: "internal/host.ts has what stands in for it",
          });
        }
        if (node.object.type !== "Identifier") return;
        const call = `${node.object.name}.${node.property.name}`;
        if (TOO_NEW.has(call)) {
          context.report({ node, message: `${call} may not stand here: Node 20 does not have it` });
        }
      },
    };
  },
};

/** The parts of a message that are written out, in order; "" stands where an expression is. */
function messageParts(node: Deno.lint.Node | undefined): string[] {
  if (node?.type === "Literal" && typeof node.value === "string") return [node.value];
  if (node?.type === "TemplateLiteral") {
    return node.quasis.flatMap((part, index) => index === 0 ? [part.cooked] : ["", part.cooked]);
  }
  if (node?.type === "BinaryExpression" && node.operator === "+") {
    return [...messageParts(node.left), ...messageParts(node.right)];
  }
  return [""];
}

const CONTRACTION = /n't\b|\w'(?:re|ve|ll|d|m)\b|\b(?:it|that|there|what|here|let)'s\b/i;

/** What is wrong with a message; undefined when nothing is. */
function messageFault(parts: readonly string[]): string | undefined {
  const first = parts[0]!;
  if (first !== "" && !first.startsWith("Cannot ")) return 'an error message starts with "Cannot "';
  if (parts.at(-1)!.endsWith(".")) return "an error message has no full stop at its end";
  if (parts.some((part) => CONTRACTION.test(part))) return "an error message has no contractions";
  return undefined;
}

const errorMessage: Deno.lint.Rule = {
  create(context) {
    const { package: name, isTest } = placeOfFile(context);
    if (isTest || MAY_IMPORT[name] === undefined) return {};
    return {
      NewExpression(node): void {
        if (node.callee.type !== "Identifier" || !/(?:Error|Exception)$/.test(node.callee.name)) return;
        const message = messageFault(messageParts(node.arguments[0]));
        if (message !== undefined) {
          context.report({
            node,
            message,
            hint: 'write "Cannot <verb> <thing>: <state>, expected <wanted state>"',
          });
        }
      },
    };
  },
};

const noLeftovers: Deno.lint.Rule = {
  create(context) {
    return {
      Program(): void {
        for (const { value, range } of context.sourceCode.getAllComments()) {
          const mark = /\b(?:TODO|FIXME|XXX)\b(?!\(\w)/.exec(value)?.[0];
          if (mark === undefined) continue;
          context.report({
            range,
            message: `${mark} needs an owner`,
            hint: `write ${mark}(name): what is left`,
          });
        }
      },
    };
  },
};

/** A function of more lines than this says why, in a comment that starts with "Long: ". */
const FUNCTION_LINES_MAX = 70;

const functionLength: Deno.lint.Rule = {
  create(context) {
    const { package: name, isTest } = placeOfFile(context);
    if (isTest || MAY_IMPORT[name] === undefined) return {};
    const { text } = context.sourceCode;
    function check(node: Deno.lint.Node): void {
      const [start, end] = node.range;
      const lines = text.slice(start, end).split("\n").length;
      if (lines <= FUNCTION_LINES_MAX) return;
      const isExplained = context.sourceCode.getAllComments().some(({ value, range }) =>
        range[0] >= start && range[1] <= end && value.trim().startsWith("Long: ")
      );
      if (isExplained) return;
      context.report({
        node,
        message: `a function of ${lines} lines, expected at most ${FUNCTION_LINES_MAX}`,
        hint: 'split it, or say why it is one in a comment inside that starts with "Long: "',
      });
    }
    return { FunctionDeclaration: check, MethodDefinition: check };
  },
};

/** Whether the file's types can be public: its own name says so, or it holds the types that public files re-export. */
function holdsPublicTypes({ path, room }: Place): boolean {
  return room !== KERNEL && (!isPrivate(path) || path.endsWith("/_types.ts"));
}

const oneName: Deno.lint.Rule = {
  create(context) {
    const from = placeOfFile(context);
    if (from.isTest || MAY_IMPORT[from.package] === undefined) return {};
    const hasPublicTypes = holdsPublicTypes(from);
    function check(node: Deno.lint.Node, name: string, place: NamePlace, isMethod: boolean): void {
      const rule = brokenRule(name, place, isMethod);
      if (rule === undefined) return;
      context.report({
        node,
        message: `"${name}" has another name: ${rule.idea} is ${rule.name}`,
        hint: HINT,
      });
    }
    function checkMembers(container: string, members: readonly (Deno.lint.Node | object)[]): void {
      const isOptions = container.endsWith("Options");
      if (!isOptions && !hasPublicTypes) return;
      for (const member of members as readonly Deno.lint.Node[]) {
        const key = "key" in member ? member.key as Deno.lint.Node | undefined : undefined;
        if (key?.type !== "Identifier" || "accessibility" in member && member.accessibility === "private") {
          continue;
        }
        const isMethod = "kind" in member && member.kind === "method";
        check(member, key.name, isOptions ? "option" : "member", isMethod);
      }
    }
    return {
      "ExportNamedDeclaration > TSInterfaceDeclaration"(node: Deno.lint.TSInterfaceDeclaration): void {
        checkMembers(node.id.name, node.body.body);
      },
      "ExportNamedDeclaration > ClassDeclaration"(node: Deno.lint.ClassDeclaration): void {
        if (node.id !== null) checkMembers(node.id.name, node.body.body);
      },
      "ExportNamedDeclaration > TSTypeAliasDeclaration"(node: Deno.lint.TSTypeAliasDeclaration): void {
        if (node.typeAnnotation.type === "TSTypeLiteral") {
          checkMembers(node.id.name, node.typeAnnotation.members);
        }
      },
      "ExportNamedDeclaration > FunctionDeclaration"(node: Deno.lint.FunctionDeclaration): void {
        if (node.id !== null && hasPublicTypes) check(node, node.id.name, "function", false);
      },
    };
  },
};

const HINT = "see the table of names in ARCHITECTURE.md";

const plugin: Deno.lint.Plugin = {
  name: "sluice",
  rules: {
    "import-direction": importDirection,
    "deno-only": denoOnly,
    portable,
    "error-message": errorMessage,
    "no-leftovers": noLeftovers,
    "function-length": functionLength,
    "one-name": oneName,
  },
};
export default plugin;
