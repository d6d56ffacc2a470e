/**
 * Requests of git's smart protocol over HTTP: who may redirect them, which headers go where, and how long they may take.
 */
import { basicCredentials, untilAborted } from "@sluice/internal";
import { PacketReader } from "./_packet_lines.ts";
import {
  labelOf,
  notOffered,
  protocolFault,
  remoteLimit,
  stallState,
  statusFault,
  transferFault,
} from "./_remote_faults.ts";

/** What a hook for headers is told of a request. */
export interface GitHeadersRequest {
  /** Where the request goes, without credentials. */
  readonly url: URL;
  /** What the server wants to see, where it refused the request before (`WWW-Authenticate`). */
  readonly challenge: string | undefined;
}

/** How requests are made. */
export interface GitHttpSettings {
  readonly headers: HeadersInit | undefined;
  readonly headersFor:
    | ((request: GitHeadersRequest) => HeadersInit | undefined | Promise<HeadersInit | undefined>)
    | undefined;
  readonly fetch: typeof fetch;
  readonly stallTimeoutMs: number;
}

/** As many as git follows. */
const REDIRECTS_MAX = 20;
const SERVICE = "git-upload-pack";
const INFO = `/info/refs?service=${SERVICE}`;

/** One request: what it takes along, and what ends it. */
interface Sent {
  readonly method: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** A repository on a server. */
export class GitHttp {
  readonly #settings: GitHttpSettings;
  /** The repository as it was named: the origin that credentials are for. */
  readonly #given: URL;
  readonly #headers: Headers;
  /** The repository where the first request led to. */
  #base: URL;
  /** By origin, what a server wanted to see when it refused a request. */
  readonly #challenges = new Map<string, string>();

  constructor(url: URL, settings: GitHttpSettings) {
    this.#settings = settings;
    this.#headers = new Headers(settings.headers);
    this.#given = new URL(url);
    this.#given.hash = "";
    this.#given.pathname = this.#given.pathname.replace(/\/+$/, "");
    const credentials = basicCredentials(url);
    if (credentials !== undefined) this.#headers.set("authorization", credentials);
    this.#given.username = this.#given.password = "";
    this.#base = this.#given;
  }

  /** The repository as messages name it. */
  get label(): string {
    return labelOf(this.#base);
  }

  /** The answer to the first request, which alone may lead elsewhere. */
  async advertise(protocol: number, signal: AbortSignal | undefined): Promise<PacketReader> {
    const headers: Record<string, string> = protocol === 0 ? {} : { "git-protocol": `version=${protocol}` };
    let url = addressOf(this.#given, INFO);
    for (let redirects = 0;; redirects++) {
      if (redirects > REDIRECTS_MAX) throw remoteLimit(this.label, "redirects", REDIRECTS_MAX, "steps");
      const request = new Transfer(this.#settings, labelOf(baseOf(url)), signal);
      const response = await this.#send(request, url, { method: "GET", headers });
      const target = redirectOf(response, url);
      if (target !== undefined) {
        await request.drop(response);
        url = this.#followed(target, url);
        continue;
      }
      this.#base = baseOf(url);
      return await request.reader(response, `application/x-${SERVICE}-advertisement`);
    }
  }

  /** The answer to a request of the service. */
  async post(
    body: Uint8Array<ArrayBuffer>,
    protocol: number,
    signal: AbortSignal | undefined,
  ): Promise<PacketReader> {
    const url = addressOf(this.#base, `/${SERVICE}`);
    const request = new Transfer(this.#settings, this.label, signal);
    const headers = {
      "content-type": `application/x-${SERVICE}-request`,
      "accept": `application/x-${SERVICE}-result`,
      ...protocol === 0 ? {} : { "git-protocol": `version=${protocol}` },
    };
    const response = await this.#send(request, url, { method: "POST", headers, body });
    const target = redirectOf(response, url);
    if (target !== undefined) {
      await request.drop(response);
      throw transferFault(
        this.label,
        `the server redirects to ${labelOf(target)}, which only the first request follows`,
        "SERVER",
      );
    }
    return await request.reader(response, `application/x-${SERVICE}-result`);
  }

  /** Sends a request; one that is refused is sent again where the hook has an answer to that. */
  async #send(request: Transfer, url: URL, sent: Sent): Promise<Response> {
    for (let isAgain = false;; isAgain = true) {
      const headers = await this.#headersOf(url);
      for (const [name, value] of Object.entries(sent.headers)) headers.set(name, value);
      const response = await request.send(url, { method: sent.method, headers, ...bodyOf(sent) });
      if (response.status !== 401 || isAgain || this.#settings.headersFor === undefined) return response;
      this.#challenges.set(url.origin, response.headers.get("www-authenticate") ?? "");
      await request.drop(response);
    }
  }

  /** The headers of the caller: those that were given as they are go to the origin that was named and nowhere else. */
  async #headersOf(url: URL): Promise<Headers> {
    const headers = new Headers(url.origin === this.#given.origin ? this.#headers : undefined);
    const challenge = this.#challenges.get(url.origin);
    const more = await this.#settings.headersFor?.({ url: new URL(url), challenge });
    for (const [name, value] of new Headers(more)) headers.set(name, value);
    return headers;
  }

  /** Where a redirect leads, if it is one to follow. */
  #followed(target: URL, from: URL): URL {
    const isWeb = target.protocol === "https:" || target.protocol === from.protocol;
    if (!isWeb || !`${target.pathname}${target.search}`.endsWith(INFO)) {
      throw transferFault(
        this.label,
        `the server redirects to ${labelOf(target)}, expected the same repository elsewhere`,
        "SERVER",
      );
    }
    target.username = target.password = "";
    return target;
  }
}

function bodyOf({ body }: Sent): { readonly body?: Uint8Array<ArrayBuffer> } {
  return body === undefined ? {} : { body };
}

function addressOf(base: URL, path: string): URL {
  const url = new URL(base);
  const [name = "", query = ""] = path.split("?");
  url.pathname += name;
  url.search = query;
  return url;
}

/** The repository of which this is the address of its references. */
function baseOf(info: URL): URL {
  const url = new URL(info);
  url.pathname = url.pathname.slice(0, -"/info/refs".length);
  url.search = "";
  return url;
}

/** Where an answer redirects to; undefined where it does not. */
function redirectOf(response: Response, from: URL): URL | undefined {
  const location = response.headers.get("location");
  if (response.status < 300 || response.status > 399 || location === null) return undefined;
  return URL.canParse(location, from) ? new URL(location, from) : undefined;
}

/** One transfer, which the caller or a server that stalls may end. */
class Transfer {
  readonly #settings: GitHttpSettings;
  readonly #label: string;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;

  constructor(settings: GitHttpSettings, label: string, signal: AbortSignal | undefined) {
    this.#settings = settings;
    this.#label = label;
    this.#signal = signal === undefined
      ? this.#controller.signal
      : AbortSignal.any([signal, this.#controller.signal]);
  }

  /** Sends a request and waits for the head of its answer. */
  async send(url: URL, init: RequestInit): Promise<Response> {
    const { stallTimeoutMs, fetch } = this.#settings;
    const fault = transferFault(this.#label, stallState("no answer", stallTimeoutMs), "TIMEOUT");
    const timer = setTimeout(() => this.#controller.abort(fault), stallTimeoutMs);
    try {
      const sent = fetch(url, { ...init, redirect: "manual", signal: this.#signal });
      return await untilAborted(sent, this.#signal);
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw transferFault(this.#label, "the connection failed", "NETWORK", error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends an answer whose body nobody reads. */
  async drop(response: Response): Promise<void> {
    await response.body?.cancel().catch(() => {}); // it is over in any case
  }

  /** The packets of an answer, if it is one of the service. */
  async reader(response: Response, type: string): Promise<PacketReader> {
    if (response.status !== 200 || response.type === "opaqueredirect") {
      await this.drop(response);
      throw response.type === "opaqueredirect"
        ? transferFault(this.#label, "the server redirects, which this platform hides", "SERVER")
        : statusFault(this.#label, response.status);
    }
    const actual = response.headers.get("content-type")?.replace(/;.*/, "").trim().toLowerCase();
    if (actual !== type || response.body === null) {
      await this.drop(response);
      if (type.endsWith("-advertisement")) throw notOffered(this.#label, "git's smart protocol");
      throw protocolFault(this.#label, `its type is ${actual ?? "not said"}, expected ${type}`);
    }
    return new PacketReader({
      label: this.#label,
      body: response.body,
      signal: this.#signal,
      abort: (reason) => this.#controller.abort(reason),
      stallTimeoutMs: this.#settings.stallTimeoutMs,
    });
  }
}
