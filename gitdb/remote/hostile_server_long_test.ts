/**
 * Servers that do not keep to the protocol: what they send is an error with a code and a place, and ends in time; nothing
 * is left that git would trust.
 */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  fetchGitObjects,
  GitDatabase,
  GitMemoryStore,
  GitRemote,
  GitWebDatabase,
  PackWriter,
  SluiceError,
} from "../mod.ts";
import type { GitFetchOptions, GitRemoteOptions } from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";

const ID = "1".repeat(40);
const URL_OF_IT = "https://example.org/project.git";
const ENCODER = new TextEncoder();

/** A packet of a text, or of bytes in a band. */
function packet(content: string | Uint8Array, band?: number): Uint8Array {
  const bytes = typeof content === "string" ? ENCODER.encode(content) : content;
  const head = band === undefined ? [] : [band];
  const length = (4 + head.length + bytes.length).toString(16).padStart(4, "0");
  return new Uint8Array([...ENCODER.encode(length), ...head, ...bytes]);
}

const join = (...parts: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(parts.flatMap((part) => [...typeof part === "string" ? ENCODER.encode(part) : part]));

const V2 = join(packet("version 2\n"), packet("ls-refs\n"), packet("fetch=shallow filter\n"), "0000");
const v0 = (...lines: string[]): Uint8Array<ArrayBuffer> =>
  join(packet("# service=git-upload-pack\n"), "0000", ...lines.map((line) => packet(line)), "0000");
const PLAIN_V0 = v0(`${ID} HEAD\0side-band-64k multi_ack_detailed shallow\n`, `${ID} refs/heads/main\n`);

type Body = Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array<ArrayBuffer>> | Response;

/** A remote whose server gives these answers, one after the other; the last one again and again. */
function remoteOf(answers: readonly (() => Body)[], options: GitRemoteOptions = {}): GitRemote {
  let count = 0;
  return new GitRemote(URL_OF_IT, {
    stallTimeoutMs: 200,
    ...options,
    fetch: (_, init) => {
      const body = answers[Math.min(count++, answers.length - 1)]!();
      if (body instanceof Response) return Promise.resolve(body);
      const kind = init?.method === "POST" ? "result" : "advertisement";
      const headers = { "content-type": `application/x-git-upload-pack-${kind}` };
      return Promise.resolve(new Response(body, { headers }));
    },
  });
}

/** A stream that goes on for ever. */
function endless(chunk: Uint8Array<ArrayBuffer>, first: Uint8Array<ArrayBuffer> = new Uint8Array()) {
  let isFirst = first.length > 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller): void {
      controller.enqueue(isFirst ? first : chunk);
      isFirst = false;
    },
  });
}

/** A stream that gives a byte from time to time, or nothing any more. */
function slow(bytes: Uint8Array<ArrayBuffer>, everyMs: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    pull: (controller) =>
      new Promise((resolve) => {
        timer = setTimeout(() => {
          controller.enqueue(bytes.slice(at, ++at));
          resolve();
        }, everyMs);
      }),
    cancel: () => clearTimeout(timer),
  }, { highWaterMark: 0 });
}

const list = async (remote: GitRemote): Promise<unknown> =>
  await Array.fromAsync(remote.lsRefs({ symrefs: true }));
const fetchInto = async (remote: GitRemote, options: Partial<GitFetchOptions> = {}): Promise<unknown> =>
  await fetchGitObjects(remote, new GitMemoryStore(), { wants: [ID], ...options });

interface Case {
  readonly answers: readonly (() => Body)[];
  readonly run?: (remote: GitRemote) => Promise<unknown>;
  readonly code: string;
  readonly text: string;
  readonly offset?: number;
  readonly options?: GitRemoteOptions;
}

const first = (body: Body): readonly (() => Body)[] => [() => body];
const second = (body: Body): readonly (() => Body)[] => [() => V2, () => body];
const line = (text: string): Case["answers"] => second(join(packet(text), "0000"));

const CASES: Readonly<Record<string, Case>> = {
  "an empty first answer": { answers: first(""), code: "TRUNCATED", text: "ends too early", offset: 0 },
  "a length that is cut": { answers: first("00"), code: "TRUNCATED", text: "byte 2", offset: 2 },
  "a packet that is cut": { answers: first("000eversio"), code: "TRUNCATED", text: "byte 10", offset: 10 },
  "no flush at the end": {
    answers: first(join(packet("version 2\n"))),
    code: "TRUNCATED",
    text: "ends too early",
    offset: 14,
  },
  "a length that is none": { answers: first("zzzzversion"), code: "PROTOCOL", text: "no length", offset: 0 },
  "a length of three": { answers: first("0003"), code: "PROTOCOL", text: "no length", offset: 0 },
  "a packet that is too long": {
    answers: first(`fff1${"x".repeat(0xfff1)}`),
    code: "PROTOCOL",
    text: '"fff1" is no length',
    offset: 0,
  },
  "another service": {
    answers: first(join(packet("# service=git-receive-pack\n"), "0000")),
    code: "PROTOCOL",
    text: "git-receive-pack",
  },
  "a part where none is": {
    answers: first(join(packet("version 2\n"), "0001", "0000")),
    code: "PROTOCOL",
    text: "a part ends",
    offset: 14,
  },
  "bytes after the end": {
    answers: first(join(V2, packet("more"))),
    code: "PROTOCOL",
    text: "follows its end",
    offset: V2.length,
  },
  "capabilities without end": {
    answers: [() => endless(join(packet("more\n")), join(packet("version 2\n")))],
    code: "TABLE_TOO_LARGE",
    text: "capabilities of more than 1000 lines",
  },
  "a hash that nobody knows": {
    answers: first(join(packet("version 2\n"), packet("object-format=md5\n"), "0000")),
    code: "UNSUPPORTED",
    text: '"md5"',
  },
  "an error of the server": {
    answers: first(join(packet("ERR no such repository"))),
    code: "SERVER",
    text: "no such",
  },
  "an error that would colour a terminal": {
    answers: first(join(packet("ERR \u001b[31mred"))),
    code: "SERVER",
    text: "\\x1b[31mred",
  },
  "an answer of another type": {
    answers: [() => new Response("<html>", { headers: { "content-type": "text/html" } })],
    code: "UNSUPPORTED",
    text: "smart protocol",
  },
  "a second answer of another type": {
    answers: [() => V2, () => new Response("", { headers: { "content-type": "text/html" } })],
    code: "PROTOCOL",
    text: "text/html",
  },
  "no repository": { answers: [() => new Response(null, { status: 404 })], code: "NOT_FOUND", text: "404" },
  "no access": { answers: [() => new Response(null, { status: 403 })], code: "AUTH", text: "403" },
  "a busy server": { answers: [() => new Response(null, { status: 503 })], code: "SERVER_BUSY", text: "503" },
  "an odd status": { answers: [() => new Response(null, { status: 418 })], code: "SERVER", text: "418" },
  "no answer at all": {
    answers: [() => slow(V2, 1000)],
    code: "TIMEOUT",
    text: "no whole packet came for 200 ms",
  },
  "a drip": { answers: [() => slow(V2, 60)], code: "TIMEOUT", text: "no whole packet came for 200 ms" },
  "a reference with no id": {
    answers: line("xyz refs/heads/main\n"),
    code: "PROTOCOL",
    text: "has no id",
    offset: 0,
  },
  "an id of zeros": {
    answers: line(`${"0".repeat(40)} refs/heads/a\n`),
    code: "PROTOCOL",
    text: "has no id",
  },
  "an id that is too long": {
    answers: line(`${"1".repeat(64)} refs/heads/a\n`),
    code: "PROTOCOL",
    text: "has no id",
  },
  "a name that leaves its folder": {
    answers: line(`${ID} refs/heads/../../config\n`),
    code: "PROTOCOL",
    text: "is no name of a reference",
  },
  "a name outside of refs": {
    answers: line(`${ID} config\n`),
    code: "PROTOCOL",
    text: '"config" is no name',
  },
  "a name of a lock": { answers: line(`${ID} refs/heads/a.lock\n`), code: "PROTOCOL", text: "is no name" },
  "a name with a control character": {
    answers: line(`${ID} refs/heads/a\u0007\n`),
    code: "PROTOCOL",
    text: "a\\x07",
  },
  "a target that is no name": {
    answers: line(`${ID} HEAD symref-target:/etc/passwd\n`),
    code: "PROTOCOL",
    text: "is no name",
  },
  "what a tag leads to is no id": {
    answers: line(`${ID} refs/tags/v1 peeled:12\n`),
    code: "PROTOCOL",
    text: "leads to no id",
  },
  "bytes that are no UTF-8": {
    answers: second(join(packet(new Uint8Array([...ENCODER.encode(`${ID} refs/heads/`), 0xff])), "0000")),
    code: "PROTOCOL",
    text: "no UTF-8",
  },
  "references without end": {
    answers: [() => V2, () => endless(join(packet(`${ID} refs/heads/a\n`)))],
    code: "TABLE_TOO_LARGE",
    text: "references of more than 100",
    options: { maxRefs: 100 },
  },
  "old references without end": {
    answers: [() => endless(join(packet(`${ID} refs/heads/a\n`)), v0(`${ID} HEAD\0\n`).slice(0, -4))],
    code: "TABLE_TOO_LARGE",
    text: "references of more than 100",
    options: { maxRefs: 100 },
  },
  "an old reference with a bad name": {
    answers: first(v0(`${ID} refs/heads/a..b\0side-band-64k\n`)),
    code: "PROTOCOL",
    text: "is no name",
  },
  "a part that nobody asked for": {
    answers: second(join(packet("secrets\n"), packet("x"), "0000")),
    run: fetchInto,
    code: "PROTOCOL",
    text: 'nobody asked for "secrets"',
  },
  "an answer without a pack": {
    answers: second(join(packet("acknowledgments\n"), packet("NAK\n"), "0000")),
    run: fetchInto,
    code: "PROTOCOL",
    text: "ends without a pack",
  },
  "acknowledgments of what is no id": {
    answers: second(join(packet("acknowledgments\n"), packet("ACK 12\n"), "0000")),
    run: (remote) => fetchInto(remote, { haves: [ID] }),
    code: "PROTOCOL",
    text: "is no acknowledgment",
  },
  "a part twice": {
    answers: second(join(packet("shallow-info\n"), "0001", packet("shallow-info\n"), "0001")),
    run: fetchInto,
    code: "PROTOCOL",
    text: "a part has no name",
  },
  "an end of the history that is none": {
    answers: second(join(packet("shallow-info\n"), packet("deep 1\n"), "0001")),
    run: fetchInto,
    code: "PROTOCOL",
    text: "nothing of where the history ends",
  },
  "a band that is none": {
    answers: second(join(packet("packfile\n"), packet("x", 9), "0000")),
    run: fetchInto,
    code: "PROTOCOL",
    text: "there is no band 9",
  },
  "a failure of the server": {
    answers: second(join(packet("packfile\n"), packet("PACK", 1), packet("out of memory\n", 3), "0000")),
    run: fetchInto,
    code: "SERVER",
    text: "out of memory",
  },
  "messages without end": {
    answers: [() => V2, () => endless(join(packet("x".repeat(60000), 2)), join(packet("packfile\n")))],
    run: fetchInto,
    code: "TABLE_TOO_LARGE",
    text: "bytes without a pack",
  },
  "empty packets without end": {
    answers: [() => V2, () => endless(join(...Array(4000).fill(packet("", 1))), join(packet("packfile\n")))],
    run: fetchInto,
    code: "TABLE_TOO_LARGE",
    text: "bytes without a pack",
  },
  "a pack that is none": {
    answers: second(join(packet("packfile\n"), packet("x".repeat(100), 1), "0000")),
    run: fetchInto,
    code: "CORRUPT_PACK",
    text: "does not start as packs do",
  },
  "a pack without end": {
    answers: [() => V2, () => endless(join(packet("x".repeat(60000), 1)), join(packet("packfile\n")))],
    run: (remote) => fetchGitObjects(remote, new GitMemoryStore(), { wants: [ID], maxInputSize: 1 << 20 }),
    code: "OBJECT_TOO_LARGE",
    text: "more than 1048576",
  },
  "an old answer that ends without an acknowledgment": {
    answers: [() => PLAIN_V0, () => join("0000")],
    run: fetchInto,
    code: "PROTOCOL",
    text: "without an acknowledgment",
  },
  "an old answer of something else": {
    answers: [() => PLAIN_V0, () => join(packet("hello\n"))],
    run: fetchInto,
    code: "PROTOCOL",
    text: "is no acknowledgment",
  },
};

for (const [name, { answers, run = list, code, text, offset, options }] of Object.entries(CASES)) {
  testBackends(`a server that sends ${name}`, async () => {
    const error = await assertRejects(() => run(remoteOf(answers, options)));
    assertInstanceOf(error, SluiceError, `${error}`);
    assertEquals(error.code, code, error.message);
    assert(error.message.includes(text), error.message);
    if (offset !== undefined) assertEquals(error.offset, offset);
  });
}

/** A pack of one blob, and its id. */
async function smallPack(): Promise<{ pack: Uint8Array; id: string }> {
  const writer = new PackWriter();
  const id = await writer.add({ type: "blob", body: "sent" });
  return { pack: (await writer.finish()).pack, id: `${id}` };
}

testBackends("an answer that is cut at any byte leaves nothing, and the whole one is taken", async () => {
  const { pack, id } = await smallPack();
  const whole = join(
    packet("packfile\n"),
    packet("hm\n", 2),
    packet(pack.slice(0, 9), 1),
    packet(pack.slice(9), 1),
    "0000",
  );
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/objects`);
  try {
    await using database = await GitDatabase.open(folder);
    for (let end = 0; end < whole.length; end++) {
      const remote = remoteOf([() => V2, () => whole.slice(0, end)]);
      const error = await assertRejects(() => fetchGitObjects(remote, database, { wants: [id] }));
      assertInstanceOf(error, SluiceError);
      assertEquals(error.code, "TRUNCATED", `${end}: ${error.message}`);
    }
    for (let at = 0; at < pack.length; at++) {
      const damaged = pack.slice();
      damaged[at]! ^= 0x40;
      const remote = remoteOf([() => V2, () => join(packet("packfile\n"), packet(damaged, 1), "0000")]);
      const error = await assertRejects(() => fetchGitObjects(remote, database, { wants: [id] }));
      assertInstanceOf(error, SluiceError, `${at}: ${error}`);
    }
    assertEquals(await Array.fromAsync(database.ids()), []);
    assertEquals([...Deno.readDirSync(`${folder}/objects/pack`)], []);
    const { count } = await fetchGitObjects(remoteOf([() => V2, () => whole]), database, { wants: [id] });
    assertEquals([count, await (await database.read(id)).text()], [1, "sent"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testBackends("a server of old times sends the pack without bands", async () => {
  const { pack, id } = await smallPack();
  const refs = v0(`${id} refs/heads/main\0ofs-delta\n`);
  const answer = (): Uint8Array<ArrayBuffer> => join(packet("NAK\n"), pack);
  const store = new GitMemoryStore();
  const { count } = await fetchGitObjects(remoteOf([() => refs, answer]), store, { wants: [id] });
  assertEquals([count, await (await store.read(id)).text()], [1, "sent"]);
  const cut = (): Uint8Array<ArrayBuffer> => answer().slice(0, -1);
  await assertRejects(
    () => fetchGitObjects(remoteOf([() => refs, cut]), new GitMemoryStore(), { wants: [id] }),
    SluiceError,
  );
});

testBackends(
  "answers with bytes changed, moved, left out or repeated are errors of the family, in time",
  async () => {
    const { pack, id } = await smallPack();
    const answer = join(
      packet("shallow-info\n"),
      packet(`shallow ${id}\n`),
      "0001",
      packet("packfile\n"),
      packet("counting\n", 2),
      packet(pack, 1),
      "0000",
    );
    const refs = join(
      packet(`${id} HEAD symref-target:refs/heads/main\n`),
      packet(`${id} refs/heads/main\n`),
      "0000",
    );
    const random = new Random(11);
    let errors = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const [first, second] = round % 2 === 0 ? [V2, refs] : [V2, answer];
      const isFirst = random.below(3) === 0;
      const answers = isFirst ? [() => changed(first, random)] : [() => first, () => changed(second, random)];
      try {
        await (round % 2 === 0 ? list(remoteOf(answers)) : fetchInto(remoteOf(answers), { wants: [id] }));
      } catch (error) {
        assertInstanceOf(error, SluiceError, `${round}: ${(error as Error).stack}`);
        errors++;
      }
    }
    assert(errors > ROUNDS / 3, `${errors} of ${ROUNDS}`);
  },
);

const ROUNDS = Deno.env.get("SLUICE_LONG") === "1" ? 20_000 : 600;

/** Bytes with one to three changes. */
function changed(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  let result = bytes;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(result.length + 1);
    const [head, tail] = [result.subarray(0, at), result.subarray(at)];
    const kind = random.below(4);
    if (kind === 0) result = join(head, new Uint8Array([random.below(256)]), tail.subarray(1));
    else if (kind === 1) result = join(head, tail.subarray(1 + random.below(8)));
    else if (kind === 2) result = join(head, result.subarray(random.below(result.length)), tail);
    else result = join(head, ["0000", "0001", "0002", "ffff", "0005"][random.below(5)]!, tail);
  }
  return result;
}

testBackends("a pack without what was asked for, or with other content under an id, is refused", async () => {
  const { pack } = await smallPack();
  const answer = (): Uint8Array<ArrayBuffer> => join(packet("packfile\n"), packet(pack, 1), "0000");
  const error = await assertRejects(() => fetchInto(remoteOf([() => V2, answer])), SluiceError);
  assertEquals([error.code, error.message.includes(ID)], ["BASE_MISSING", true]);
});

Deno.test("a URL that requests could not keep is refused before any", async () => {
  const fetch = (): never => {
    throw new Error("no request was expected");
  };
  for (const url of [`${URL_OF_IT}?token=1`, `${URL_OF_IT}#main`, "ftp://example.org/a", "no URL"]) {
    assertThrows(() => new GitRemote(url, { fetch }), RangeError, "Cannot reach");
    await assertRejects(() => GitWebDatabase.open(url, { fetch }), RangeError, "Cannot reach");
  }
});

/** A server on another host, and what it was asked. */
function redirecting(
  location: string,
  status = 302,
): { remote: (options?: GitRemoteOptions) => GitRemote; asked: Request[] } {
  const asked: Request[] = [];
  const remote = (options: GitRemoteOptions = {}): GitRemote =>
    new GitRemote("https://user:word@example.org/project.git/", {
      headers: { "x-token": "secret" },
      ...options,
      fetch: (input, init) => {
        const request = new Request(input, init);
        asked.push(request);
        const isFirst = new URL(request.url).hostname === "example.org" && request.method === "GET";
        if (isFirst) return Promise.resolve(new Response(null, { status, headers: { location } }));
        const kind = request.method === "POST" ? "result" : "advertisement";
        const body = request.method === "POST" ? "0000" : V2;
        return Promise.resolve(
          new Response(body, { headers: { "content-type": `application/x-git-upload-pack-${kind}` } }),
        );
      },
    });
  return { remote, asked };
}

Deno.test("the first request may lead to another host, which gets no credentials", async () => {
  const target = "https://other.example/moved.git/info/refs?service=git-upload-pack";
  const { remote, asked } = redirecting(target);
  const followed = remote();
  assertEquals(await list(followed), []);
  assertEquals(followed.url, "https://other.example/moved.git");
  assertEquals(asked.map(({ url }) => url), [
    "https://example.org/project.git/info/refs?service=git-upload-pack",
    target,
    "https://other.example/moved.git/git-upload-pack",
  ]);
  assertEquals(asked.map(({ headers }) => [headers.has("authorization"), headers.has("x-token")]), [
    [true, true],
    [false, false],
    [false, false],
  ]);
  assertEquals(asked[0]!.headers.get("authorization"), `Basic ${btoa("user:word")}`);
});

Deno.test("a hook for headers sees where each request goes, and is asked again after a refusal", async () => {
  const seen: string[] = [];
  const { remote } = redirecting("https://other.example/p/info/refs?service=git-upload-pack");
  await list(remote({
    headersFor: ({ url }) => {
      seen.push(url.hostname);
      return undefined;
    },
  }));
  assertEquals(seen, ["example.org", "other.example", "other.example"]);

  const challenges: (string | undefined)[] = [];
  const refused = (): Response =>
    new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } });
  const guarded = remoteOf([refused, () => V2, () => "0000"], {
    headersFor: ({ challenge }) => {
      challenges.push(challenge);
      return challenge === undefined ? undefined : { authorization: "Basic eA==" };
    },
  });
  assertEquals(await list(guarded), []);
  assertEquals(challenges, [undefined, "Basic", "Basic"]);
  const closed = await assertRejects(() => list(remoteOf([refused])), SluiceError);
  assertEquals(closed.code, "AUTH");
});

Deno.test("redirects to something else, to plain text, in circles and of later requests are refused", async () => {
  const cases: [string, string][] = [
    ["https://other.example/login", "expected the same repository"],
    ["http://example.org/project.git/info/refs?service=git-upload-pack", "expected the same repository"],
    ["file:///project.git/info/refs?service=git-upload-pack", "expected the same repository"],
    ["/project.git/info/refs?service=git-upload-pack", "redirects of more than 20 steps"],
  ];
  for (const [location, text] of cases) {
    const error = await assertRejects(() => list(redirecting(location).remote()), SluiceError);
    assert(error.message.includes(text), error.message);
    assert(!error.message.includes("word"), error.message);
  }
  const location = "https://other.example/git-upload-pack";
  const later = remoteOf([() => V2, () => new Response(null, { status: 307, headers: { location } })]);
  const error = await assertRejects(() => list(later), SluiceError);
  assert(error.message.includes("which only the first request follows"), error.message);
});

Deno.test("a call that makes no sense is refused before anything is sent", async () => {
  const remote = remoteOf([() => {
    throw new Error("something was sent");
  }]);
  const refused: [Partial<GitFetchOptions>, RegExp][] = [
    [{ filter: "two words" }, /"two words" is no filter/],
    [{ depth: 0 }, /"depth"/],
    [{ deepen: true }, /needs "depth"/],
    [{ depth: 1, since: new Date() }, /does not go with/],
    [{ shallowExclude: ["a..b"] }, /no name/],
  ];
  for (const [options, text] of refused) {
    const error = await assertRejects(() => remote.fetch({ wants: [ID], ...options }));
    assert(error instanceof RangeError || error instanceof TypeError, `${error}`);
    assert(text.test(error.message), error.message);
  }
  for (const url of ["no URL", "ssh://example.org/a", "file:///a"]) {
    await assertRejects(() => Promise.try(() => new GitRemote(url)), RangeError);
  }
});
