/**
 * zstd and dcz for Hono.
 *
 * @module
 */
import { withZstd } from "./with_zstd.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";

/** What the middleware needs of Hono's context. */
export interface ZstdHonoContext {
  /** The request, as Hono holds it. */
  readonly req: { raw: Request };
  /** The response; setting undefined first keeps its headers out of the next one. */
  res: Response | undefined;
  /** What a handler threw, once Hono has answered for it. */
  readonly error?: Error | undefined;
}

/**
 * A middleware for Hono that does what {@linkcode withZstd} does: `app.use(zstdHono())`. A request body that can't be
 * decoded is answered with 400, 413 or 415, though Hono has made a 500 of it.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example Routes whose next version is sent as what changed
 * ```ts
 * import { zstdHono } from "@sluice/zstd/http";
 * import type { ZstdHonoContext } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * // With Hono: app.use(zstdHono({ versions: true }));
 * const middleware = zstdHono({ versions: true });
 * const headers = { "accept-encoding": "zstd" };
 * const context: ZstdHonoContext = {
 *   req: { raw: new Request("https://example.test/", { headers }) },
 *   res: undefined,
 * };
 * await middleware(context, async () => {
 *   context.res = await Promise.resolve(new Response("text ".repeat(100)));
 * });
 * assertEquals(context.res!.headers.get("content-encoding"), "zstd");
 * await context.res!.body!.cancel();
 * ```
 */
export function zstdHono(
  options: WithZstdOptions = {},
): (context: ZstdHonoContext, next: () => Promise<void>) => Promise<void> {
  const handle = withZstd(async (request: Request, context: ZstdHonoContext, next: () => Promise<void>) => {
    context.req.raw = request;
    await next();
    if (context.error !== undefined) throw new HandledError(context.error, context.res!);
    return context.res!;
  }, options);
  return async (context, next) => {
    let response: Response;
    try {
      response = await handle(context.req.raw, context, next);
    } catch (error) {
      if (!(error instanceof HandledError)) throw error;
      response = error.response;
    }
    context.res = undefined;
    context.res = response;
  };
}

/** An error that Hono has answered for: the answer stands unless the request's body is to blame. */
class HandledError extends Error {
  constructor(override readonly cause: Error, readonly response: Response) {
    super(cause.message);
  }
}
