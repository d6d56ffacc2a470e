/**
 * A server on this machine that answers Range requests, keeps a record of them and can break connections.
 */

/** What the server serves. */
export interface RangeObject {
  readonly size: number;
  readonly etag: string;
  /** Whether requests for ranges are answered with these. @default {true} */
  readonly hasRanges?: boolean;
  /** The bytes from `start` to `end`. */
  slice(start: number, end: number): Uint8Array;
}

/** A running server. */
export interface RangeServer extends AsyncDisposable {
  readonly url: string;
  /** The Range header of each request so far; "" where there was none. */
  readonly ranges: string[];
  /** Another object from now on. */
  serve(object: RangeObject): void;
  /** Breaks the next responses after these many bytes each. */
  breakAfter(...bytes: number[]): void;
}

/** Bytes in memory as an object. */
export function objectOf(bytes: Uint8Array, etag = '"1"'): RangeObject {
  return { size: bytes.length, etag, slice: (start, end) => bytes.slice(start, end) };
}

/** Starts a server. */
export function startRangeServer(first: RangeObject): RangeServer {
  let object = first;
  const ranges: string[] = [];
  const breaks: number[] = [];

  function answer(request: Request): Response {
    const range = request.headers.get("range") ?? "";
    ranges.push(range);
    const headers = new Headers({ etag: object.etag });
    const match = /^bytes=(\d*)-(\d*)$/.exec(range);
    const condition = request.headers.get("if-range");
    let [start, end] = [0, object.size];
    let status = 200;
    if (match !== null && object.hasRanges !== false && (condition === null || condition === object.etag)) {
      const [, from, to] = match;
      start = from === "" ? Math.max(0, object.size - Number(to)) : Number(from);
      if (from !== "" && to !== "") end = Math.min(object.size, Number(to) + 1);
      if (start >= object.size) return new Response(null, { status: 416 });
      headers.set("content-range", `bytes ${start}-${end - 1}/${object.size}`);
      status = 206;
    }
    return new Response(body(object.slice(start, end), breaks.shift()), { status, headers });
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response() },
    answer,
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/object`,
    ranges,
    serve(next): void {
      object = next;
    },
    breakAfter(...bytes): void {
      breaks.push(...bytes);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await server.shutdown();
    },
  };
}

/** A body that comes in pieces and may fail on its way, which ends the connection. */
function body(bytes: Uint8Array, breakAfter: number | undefined): ReadableStream<Uint8Array> {
  const end = Math.min(bytes.length, breakAfter ?? Infinity);
  let at = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      if (at < end) {
        controller.enqueue(bytes.slice(at, at = Math.min(end, at + 16_384)));
      } else if (end < bytes.length || breakAfter === end) {
        // What has been sent must leave before the connection goes.
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.error(new Error("the connection broke"));
      } else {
        controller.close();
      }
    },
  });
}
