/**
 * What the bearer of a token may do, and what requests need.
 */
import { checkArgument, checkKeys } from "@sluice/internal";
import { badRequest, isSameSecret, parseQuery, Refusal, required } from "./_server_request.ts";
import type { ServerContext } from "./_server_context.ts";
import { checkToken } from "../wire/_http.ts";

/** What a token allows: `read` content, `write` files (which shows what uploads compare with), `delete` names. */
export type PdiffRight = "read" | "write" | "delete";

/** A secret, and what it allows. */
export interface PdiffToken {
  /** What requests bring as `Authorization: Bearer`. */
  readonly token: string;
  /** What they may do with it; `write` and `delete` need a server that is writable. */
  readonly rights: readonly PdiffRight[];
}

const RIGHTS: readonly string[] = ["read", "write", "delete"];
/** The request that asks what others would be refused for. */
const QUESTION = "GET /v2/rights";
const TOKEN_KEYS: ReadonlySet<string> = new Set(["token", "rights"]);
/** Requests that copies both ways begin with: they tell names, facts and digests. */
const SHARED: ReadonlySet<string> = new Set([
  "GET /v2/caps",
  "GET /v2/stat",
  "GET /v2/tree",
  "POST /v2/tree/names",
  "POST /v2/blocks",
  "POST /v2/signature",
  "GET /info",
  "HEAD /info",
  "GET /hashes",
  "HEAD /hashes",
]);
const WRITES: ReadonlySet<string> = new Set([
  "POST /v2/sessions",
  "POST /v2/tree",
  "POST /v2/files/write",
  "POST /blocks",
  "POST /resize",
]);

/** Refuses what is no list of tokens. */
export function checkTokens(tokens: unknown): void {
  if (tokens === undefined) return;
  const isList = Array.isArray(tokens) && tokens.length > 0;
  checkArgument(isList, 'use option "tokens"', tokens, "an array of tokens with their rights");
  for (const item of tokens as readonly PdiffToken[]) {
    const isObject = typeof item === "object" && item !== null;
    checkArgument(isObject, 'use option "tokens"', item, "a token with its rights");
    checkKeys(item, TOKEN_KEYS);
    const { token, rights } = item;
    checkArgument(typeof token === "string", 'use option "tokens"', token, "a string");
    checkToken(token);
    const areKnown = Array.isArray(rights) && rights.length > 0 &&
      rights.every((right) => RIGHTS.includes(right));
    checkArgument(areKnown, 'use option "tokens"', rights, 'rights: "read", "write", "delete"');
  }
}

/** The rights that a request has by its token; undefined where none is asked for. */
export async function rightsOf(
  request: Request,
  tokens: readonly PdiffToken[] | undefined,
): Promise<ReadonlySet<string> | undefined> {
  if (tokens === undefined) return undefined;
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const rights = new Set<string>();
  let isKnown = false;
  for (const { token, rights: its } of tokens) {
    if (!await isSameSecret(given, token)) continue;
    isKnown = true;
    for (const right of its) rights.add(right);
  }
  if (isKnown) return rights;
  throw new Refusal(401, "AUTH", "the token is missing or wrong", { "www-authenticate": "Bearer" });
}

/** Fails where a request needs a right that its token does not give. */
export function checkRights(request: Request, url: URL, rights: ReadonlySet<string> | undefined): void {
  if (rights === undefined) return;
  const name = `${request.method} ${url.pathname}`;
  const isDigest = name === "POST /v2/files/read" && url.searchParams.get("content") === "0";
  const writes = WRITES.has(name) || url.pathname.startsWith("/v2/sessions/");
  const isAllowed = name === QUESTION
    ? neededRights(parseQuery(url.search, true)).every((right) => rights.has(right))
    : SHARED.has(name) || isDigest
    ? rights.has("read") || rights.has("write")
    : rights.has(writes ? (name === "POST /v2/tree" && rights.has("delete") ? "delete" : "write") : "read");
  if (!isAllowed) throw new Refusal(403, "PERMISSION", "the token does not allow that");
}

function neededRights(query: ReadonlyMap<string, string>): string[] {
  const needed = required(query, "need").split(",");
  if (needed.every((right) => RIGHTS.includes(right))) return needed;
  throw badRequest('"need" has a right that is not known');
}

/** Answers whether a copy would be allowed, and changes nothing; the rights of the token were looked at before. */
export function answerRights({ root }: ServerContext, query: ReadonlyMap<string, string>): Response {
  const path = required(query, "path");
  if (neededRights(query).some((right) => right !== "read")) root.checkWritable(path);
  return Response.json({});
}
