/**
 * Changes to a tree as they travel to a server, and the answer: JSON both ways.
 */
import { failure } from "../file/_errors.ts";
import { parseFileTime } from "../copy/_file_time.ts";
import { isSpecialKind } from "../copy/_special_files.ts";
import type { TreeChange, TreeFacts, TreeFault } from "../copy/_tree_target.ts";

/** The body of a request. */
export function writeTreeChanges(changes: readonly TreeChange[]): Uint8Array<ArrayBuffer> {
  const plain = changes.map((change) => {
    if (change.kind !== "facts") return change;
    const { mode, owner, mtimeNs, attributes } = change.facts;
    const time = mtimeNs === undefined ? undefined : `${mtimeNs}`;
    return { kind: "facts", path: change.path, mode, owner, time, attributes: attributes?.toBase64() };
  });
  return new TextEncoder().encode(JSON.stringify({ changes: plain }));
}

function invalid(state: string): Error {
  return failure("PROTOCOL", `Cannot read the changes: ${state}`);
}

/** Reads the body of a request; every field is checked. */
export function readTreeChanges({ changes }: Record<string, unknown>): TreeChange[] {
  if (!Array.isArray(changes)) throw invalid("they are no list");
  return changes.map(changeOf);
}

function changeOf(value: unknown): TreeChange {
  if (typeof value !== "object" || value === null) throw invalid("one of them is no object");
  const { kind, path, text, ...rest } = value as Record<string, unknown>;
  if (typeof path !== "string") throw invalid("a path is missing");
  switch (kind) {
    case "dir":
    case "separate":
    case "remove":
    case "rmdir":
    case "tidy":
      return { kind, path };
    case "link":
    case "hardlink":
      if (typeof text !== "string" || text === "" || text.includes("\0")) {
        throw invalid("a link leads nowhere");
      }
      return { kind, path, text };
    case "special":
      if (typeof text !== "string" || !isSpecialKind(text)) throw invalid("a kind of file is not known");
      return { kind, path, text };
    case "facts":
      return { kind, path, facts: factsOf(rest) };
    default:
      throw invalid("a kind is not known");
  }
}

function factsOf({ mode, owner, time, attributes }: Record<string, unknown>): TreeFacts {
  const isId = (value: unknown): value is number =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1;
  const facts: { -readonly [Name in keyof TreeFacts]: TreeFacts[Name] } = {};
  if (mode !== undefined) {
    if (!isId(mode) || mode > 0o7777) throw invalid("a mode is not valid");
    facts.mode = mode;
  }
  if (owner !== undefined) {
    const { uid, gid } = (owner ?? {}) as Record<string, unknown>;
    if (!isId(uid) || !isId(gid)) throw invalid("an owner is not valid");
    facts.owner = { uid, gid };
  }
  if (time !== undefined) {
    const mtimeNs = typeof time === "string" ? parseFileTime(time) : undefined;
    if (mtimeNs === undefined) throw invalid("a time is not valid");
    facts.mtimeNs = mtimeNs;
  }
  if (attributes !== undefined) {
    if (typeof attributes !== "string") throw invalid("attributes are not valid");
    try {
      facts.attributes = Uint8Array.fromBase64(attributes);
    } catch {
      throw invalid("attributes are not valid");
    }
  }
  return facts;
}

const FAULTS_MAX = 100_000;

/** Reads the answer of a server: the changes that it did not make. */
export function readTreeFaults({ faults }: Record<string, unknown>, label: string): TreeFault[] {
  const isFault = (fault: unknown): fault is TreeFault => {
    const { path, code, message } = (fault ?? {}) as Record<string, unknown>;
    return typeof path === "string" && typeof code === "string" && typeof message === "string";
  };
  if (Array.isArray(faults) && faults.length <= FAULTS_MAX && faults.every(isFault)) return faults;
  throw failure("PROTOCOL", `Cannot read the answer of ${label}: its faults make no sense`);
}
