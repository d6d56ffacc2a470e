/**
 * HTTP servers that speak zstd, with any runtime that has `Request` and `Response`.
 *
 * @module
 */
import { checkArgument, checkLimit } from "@sluice/internal";
import { decodeRequest, refuseBody } from "./_request_body.ts";
import { ResponseRules } from "./response_rules.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";
import { ZstdContentDecompressionStream } from "./content_encoding.ts";
import { encodeBody } from "./encode_body.ts";
import { DczDecompressionStream } from "./dcz_decompression_stream.ts";

const MAX_REQUEST_SIZE_DEFAULT = 64 << 20;

/**
 * Wraps a handler: request bodies in `zstd` and `dcz` are decoded under a limit before the handler sees them, responses are
 * encoded as the client wants them most (`dcz` with a dictionary that both have, `zstd`, `gzip`). For `Deno.serve` and every
 * platform with `(Request) => Response` handlers.
 *
 * Left as they are: responses with a `Content-Encoding`, a part of a body (206), no body (HEAD, 101, 204, 304), `no-transform`, a digest
 * of their bytes, a content type that does not compress, or less than `minSize` bytes. Whatever could have been encoded
 * gets `Vary`. Encoded responses lose `Content-Length` and `Accept-Ranges`, and their `ETag` becomes weak. Event streams are
 * flushed after each event, with zstd and dcz only. Bodies are streamed: memory is that of one codec context a request.
 *
 * A body that can't be decoded fails the handler's reading of it; when the handler lets that error through, the answer is
 * 400, 413 above the limit, or 415 for an unknown dictionary.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If `compress` asks for a window above 8 MiB, or a number is out of range.
 *
 * @example A server and a client
 * ```ts
 * import { decompressZstdContent, withZstd } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const handler = withZstd(() => new Response("hello ".repeat(1000)));
 * const headers = { "accept-encoding": "zstd, gzip" };
 * const response = await handler(new Request("https://example.test/", { headers }));
 * assertEquals(response.headers.get("content-encoding"), "zstd");
 * const body = decompressZstdContent(await response.arrayBuffer());
 * assertEquals(body.length, 6000);
 * ```
 */
export function withZstd<Context extends unknown[]>(
  handler: (request: Request, ...context: Context) => Response | Promise<Response>,
  options: WithZstdOptions = {},
): (request: Request, ...context: Context) => Promise<Response> {
  checkArgument(typeof handler === "function", "wrap a handler", handler, "a function");
  const rules = new ResponseRules(options);
  const maxOutputSize = checkLimit("maxRequestSize", options.maxRequestSize ?? MAX_REQUEST_SIZE_DEFAULT);
  const decoders = {
    zstd: () => new ZstdContentDecompressionStream({ maxOutputSize }),
    dcz: () => new DczDecompressionStream({ dictionaries: rules.lookup, maxOutputSize }),
  };

  return async (request, ...context) => {
    const { request: decoded, fault } = decodeRequest(request, decoders);
    let response: Response;
    try {
      response = await handler(decoded, ...context);
    } catch (error) {
      const refused = refuseBody(fault());
      if (refused === undefined) throw error;
      return refused;
    }
    return respond(rules, request, response);
  };
}

function respond(rules: ResponseRules, request: Request, response: Response): Response {
  const plan = rules.plan(request, response);
  if (plan === undefined) return response;
  const { chosen, headers, live, route } = plan;
  const { status, statusText } = response;
  if (chosen === undefined) {
    response.body?.cancel().catch(() => {}); // nobody is going to read it
    return new Response(null, { status: 406, headers: { vary: headers.get("vary")! } });
  }
  const body = response.body !== null && route !== undefined
    ? rules.keep(route, response.body)
    : response.body;
  if (chosen.encoding === "identity" || body === null || request.method === "HEAD") {
    return new Response(body, { status, statusText, headers });
  }
  return new Response(encodeBody(body, chosen, rules.compress, live), { status, statusText, headers });
}
