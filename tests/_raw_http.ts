/**
 * HTTP by its bytes: requests that are sent as they are, and a server that answers with given bytes.
 */

/** Sends bytes to a server on this machine and reads until it closes, or until nothing comes for a while. */
export async function exchange(port: number, request: string | Uint8Array, idleMs = 300): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = typeof request === "string" ? new TextEncoder().encode(request) : request;
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
  let text = "";
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(65_536);
  try {
    while (true) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const idle = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), idleMs));
      const reading = connection.read(buffer).catch(() => null);
      const count = await Promise.race([reading, idle]);
      clearTimeout(timer);
      if (count === null) {
        connection.close();
        await reading;
        return text;
      }
      text += decoder.decode(buffer.subarray(0, count));
    }
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A request as the scripted server sees it. */
export interface RawRequest {
  readonly method: string;
  /** Path with its query. */
  readonly target: string;
  readonly head: string;
  readonly body: Uint8Array;
}

/** What is sent back: bytes; then the connection is closed. `undefined` closes it without a word. */
export type RawAnswer = (request: RawRequest) => Uint8Array | string | undefined;

/** A server of bytes. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly requests: RawRequest[];
}

function indexOfBreak(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i + 4;
  }
  return -1;
}

async function readRequest(connection: Deno.Conn): Promise<RawRequest | undefined> {
  let bytes = new Uint8Array();
  const buffer = new Uint8Array(65_536);
  while (true) {
    const start = indexOfBreak(bytes);
    if (start >= 0) {
      const head = new TextDecoder().decode(bytes.subarray(0, start));
      const size = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (bytes.length >= start + size) {
        const [method, target] = head.split(" ");
        return { method: method!, target: target!, head, body: bytes.slice(start, start + size) };
      }
    }
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    const joined = new Uint8Array(bytes.length + count);
    joined.set(bytes);
    joined.set(buffer.subarray(0, count), bytes.length);
    bytes = joined;
  }
}

/** Starts a server that answers each connection's one request. */
export function startRawServer(answer: RawAnswer): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: RawRequest[] = [];
  const serving = new Set<Promise<void>>();

  async function serve(connection: Deno.Conn): Promise<void> {
    try {
      const request = await readRequest(connection);
      if (request === undefined) return;
      requests.push(request);
      const reply = answer(request);
      if (reply === undefined) return;
      const bytes = typeof reply === "string" ? new TextEncoder().encode(reply) : reply;
      for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
    } catch {
      // The client went away.
    } finally {
      connection.close();
    }
  }

  const accepting = (async (): Promise<void> => {
    try {
      for await (const connection of listener) {
        const served = serve(connection);
        serving.add(served);
        served.finally(() => serving.delete(served));
      }
    } catch {
      // The listener was closed.
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    requests,
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      await accepting;
      await Promise.allSettled(serving);
    },
  };
}
