/**
 * Servers that name packs and bundles by their addresses: real git as the server of `packfile-uris`, and its protocol for
 * lists of bundles; and servers that name what is cut, false, hostile or not enough.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cloneGitRepository, fetchGitRepository, GitRemote, GitRepository, SluiceError } from "@sluice/gitdb";
import type { GitCloneOptions } from "@sluice/gitdb";
import { parseBundleList } from "../gitdb/remote/_bundle_list.ts";
import { parseOfferedPack } from "../gitdb/remote/_offered_packs.ts";
import { sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { git, makeRepository, makeWithBundle, testGit } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";
import type { GitServer } from "./_git_server.ts";

const ENCODER = new TextEncoder();

function packet(text: string): string {
  return (ENCODER.encode(text).length + 4).toString(16).padStart(4, "0") + text;
}

/** A repository whose large blob is in a pack of its own, which a server names by an address. */
async function makeOffering(folder: string, sha256: boolean): Promise<{ blob: string; pack: string }> {
  const path = `${folder}/served.git`;
  // git names only objects by addresses that it does not find in a pack.
  await makeRepository(path, { commits: 12, sha256 });
  await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  const [, , blob] = (await git(path, ["ls-tree", "main", "d1/f5"])).split(/\s/);
  const name = (await git(path, ["pack-objects", "-q", "offered"], ENCODER.encode(`${blob}\n`))).trim();
  return { blob: blob!, pack: name };
}

/** Serves the repository, and its offered pack as what `file` says. */
async function withOffers(
  folder: string,
  { blob, pack }: { blob: string; pack: string },
  run: (server: GitServer, offer: { file: () => BodyInit; asked: (string | null)[] }) => Promise<void>,
): Promise<void> {
  const bytes = await Deno.readFile(`${folder}/served.git/offered-${pack}.pack`);
  await withServer(folder, async (server) => {
    const offer = { file: (): BodyInit => bytes, asked: [] as (string | null)[] };
    server.intercept = (request, answer) => {
      if (!request.url.endsWith("/cdn.pack")) return answer();
      offer.asked.push(request.headers.get("x-secret"));
      return Promise.resolve(new Response(offer.file()));
    };
    await git(`${folder}/served.git`, [
      "config",
      "uploadpack.blobPackfileUri",
      `${blob} ${pack} ${server.url("cdn.pack")}`,
    ]);
    await git(`${folder}/served.git`, ["config", "uploadpack.allowSidebandAll", "true"]);
    await run(server, offer);
  });
}

async function packsOf(clone: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(`${clone}/.git/objects/pack`), ({ name }) => name);
  return names.sort();
}

Deno.test("addresses that are refused are told without what they keep secret", () => {
  const [label, connection] = ["https://example.test/a.git", {}];
  const settings = { algorithm: "sha1", protocols: ["https"], label, connection } as const;
  const secret = "me:word@example.test/a.pack?signature=word";
  const texts = [
    () => parseOfferedPack(`${"1".repeat(40)} http://${secret}`, 0, settings),
    () => parseOfferedPack(`x https://${secret}`, 0, settings),
    () => {
      const list = { "bundle.version": "1", "bundle.mode": "all", "bundle.a.uri": `http://${secret}` };
      parseBundleList(new Map(Object.entries(list)), new URL(label), label);
    },
  ].map((run) => assertThrows(run, SluiceError, "example.test/a.pack").message);
  assertEquals(texts.filter((text) => text.includes("word")), []);
});

if (GIT_SERVES) {
  for (const sha256 of [false, true]) {
    testGit(`packs come from where the server says, ${sha256 ? "SHA-256" : "SHA-1"}`, async (folder) => {
      const made = await makeOffering(folder, sha256);
      const tip = await git(`${folder}/served.git`, ["rev-parse", "main"]);
      await withOffers(folder, made, async (server, offer) => {
        const url = server.url("served.git");
        const clone = async (into: string, options: Partial<GitCloneOptions>): Promise<number> => {
          const { count } = await cloneGitRepository(url, { ...options, into: `${folder}/${into}` });
          await git(`${folder}/${into}`, ["fsck", "--strict", "--no-dangling"]);
          assertEquals(await git(`${folder}/${into}`, ["rev-parse", "HEAD"]), tip);
          return count;
        };
        const full = await clone("plain", {});
        assertEquals(offer.asked.length, 0);
        const headers = { "x-secret": "for the server of the repository" };
        assertEquals(await clone("offered", { uriProtocols: ["http"], connection: { headers } }), full);
        assertEquals(offer.asked, [null]);
        const names = await packsOf(`${folder}/offered`);
        assertEquals(names.filter((name) => name.endsWith(".pack")).length, 2, names.join());
        assert(names.includes(`pack-${made.pack}.idx`), names.join());
        assert(names.every((name) => name.startsWith("pack-")), names.join());
        // A protocol that the address does not have, and versions that know no addresses, get everything.
        assertEquals(await clone("https", { uriProtocols: ["https"] }), full);
        assertEquals(await clone("old", { uriProtocols: ["http"], connection: { protocol: 0 } }), full);
        assertEquals(offer.asked.length, 1);
        // A fetch does as the configuration says.
        const fetched = `${folder}/fetched`;
        await git(folder, ["init", "-q", ...sha256 ? ["--object-format=sha256"] : [], fetched]);
        await git(fetched, ["remote", "add", "origin", url]);
        await git(fetched, ["config", "fetch.uriProtocols", "https,http"]);
        await using repository = await GitRepository.open(fetched);
        assertEquals((await fetchGitRepository(repository)).count, full);
        assertEquals(offer.asked.length, 2);
        await git(fetched, ["fsck", "--strict", "--no-dangling"]);
      });
    });
  }

  testGit("sluice gitdb takes packs from elsewhere where it is told to", async (folder) => {
    const made = await makeOffering(folder, false);
    await withOffers(folder, made, async (server, offer) => {
      const clone = (...options: string[]): Promise<Outcome> =>
        sluice(["gitdb", "clone", "-q", ...options, server.url("served.git"), `${folder}/clone`]);
      for (
        const options of [
          ["--uri-protocols", "ftp"],
          ["--uri-protocols=http,"],
          ["--server-bundles", "--depth=1"],
          ["--server-bundles", `--bundle-uri=${server.url("a.bundle")}`],
        ]
      ) {
        const { code, stderr } = await clone(...options);
        assertEquals(code, 129, `${options}: ${stderr}`);
      }
      const { code, stderr } = await clone("--uri-protocols", "http,https");
      assertEquals([code, stderr, offer.asked.length], [0, "", 1]);
      assert((await packsOf(`${folder}/clone`)).includes(`pack-${made.pack}.idx`));
    });
  });

  testGit("packs from elsewhere that are not what was named leave nothing", async (folder) => {
    const made = await makeOffering(folder, false);
    const path = `${folder}/served.git`;
    const bytes = await Deno.readFile(`${path}/offered-${made.pack}.pack`);
    const [, , other] = (await git(path, ["ls-tree", "main", "d0/f4"])).split(/\s/);
    const name = (await git(path, ["pack-objects", "-q", "other"], ENCODER.encode(`${other}\n`))).trim();
    const foreign = await Deno.readFile(`${path}/other-${name}.pack`);
    const damaged = bytes.slice();
    damaged[40]! ^= 1;
    await withOffers(folder, made, async (server, offer) => {
      const into = `${folder}/clone`;
      const options = { into, uriProtocols: ["http"] as const, connection: { stallTimeoutMs: 1000 } };
      const cases: readonly (readonly [file: () => BodyInit, code: string])[] = [
        [() => foreign, "CHECKSUM_MISMATCH"],
        [() => damaged, "CORRUPT_PACK"],
        [() => bytes.slice(0, -1), "CORRUPT_PACK"],
        [() => new Uint8Array(), "CORRUPT_PACK"],
        [() => "<html>", "CORRUPT_PACK"],
        [
          () => new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, 20)) }),
          "TIMEOUT",
        ],
      ];
      const codes: string[] = [];
      for (const [file] of cases) {
        offer.file = file;
        const error = await assertRejects(
          () => cloneGitRepository(server.url("served.git"), options),
          SluiceError,
        );
        codes.push(error.code);
        assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["served.git"]);
      }
      assertEquals(codes, cases.map(([, code]) => code));
      // A pack of what it says, without what the server left out for it.
      await git(path, [
        "config",
        "uploadpack.blobPackfileUri",
        `${made.blob} ${name} ${server.url("cdn.pack")}`,
      ]);
      offer.file = () => foreign;
      const error = await assertRejects(
        () => cloneGitRepository(server.url("served.git"), options),
        SluiceError,
      );
      assertEquals(error.code, "BASE_MISSING");
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["served.git"]);
    });
  });

  testGit("a clone starts from bundles that the server names", async (folder) => {
    const path = `${folder}/served.git`;
    const bundle = await makeWithBundle(path);
    await withServer(folder, async (server) => {
      let lines: readonly string[] = [];
      let asked = 0;
      server.intercept = async (request, answer) => {
        if (request.url.endsWith("/start.bundle")) return new Response(bundle);
        if (request.method === "POST") {
          const body = await request.clone().text();
          if (!body.includes("command=bundle-uri")) return await answer();
          asked++;
          assert(body.endsWith("00010000"), body);
          return new Response(lines.map((line) => packet(`${line}\n`)).join("") + "0000", {
            headers: { "content-type": "application/x-git-upload-pack-result" },
          });
        }
        const response = await answer();
        if (request.headers.get("git-protocol") !== "version=2") return response;
        const text = (await response.text()).replace(/0000$/, `${packet("bundle-uri\n")}0000`);
        return new Response(text, { headers: response.headers });
      };
      const url = server.url("served.git");
      let count = 0;
      const clone = async (
        options: Partial<GitCloneOptions>,
      ): Promise<{ sent: number; warnings: string[] }> => {
        const into = `${folder}/clone${count++}`;
        const warnings: string[] = [];
        const before = server.sent;
        await cloneGitRepository(url, { ...options, into, onWarning: (text) => warnings.push(text) });
        await git(into, ["fsck", "--strict", "--no-dangling"]);
        assertEquals(await git(into, ["rev-parse", "HEAD"]), await git(path, ["rev-parse", "main"]));
        return { sent: server.sent - before, warnings };
      };
      const one = (uri: string): string[] => ["bundle.version=1", "bundle.mode=all", `bundle.b.x.URI=${uri}`];
      lines = one(server.url("start.bundle"));
      const full = (await clone({})).sent;
      assertEquals(asked, 0);
      const start = await clone({ serverBundles: true });
      assert(start.sent < full / 2, `${start.sent} of ${full} bytes`);
      assertEquals([start.warnings, asked], [[], 1]);
      // Addresses start at the repository, as git has it.
      lines = one("../start.bundle");
      assertEquals((await new GitRemote(url).lsBundles())?.urls.map(String), [server.url("start.bundle")]);
      assert((await clone({ serverBundles: true })).sent < full / 2);
      lines = [];
      assertEquals(await new GitRemote(url).lsBundles(), undefined);
      assertEquals((await clone({ serverBundles: true })).warnings, []);
      for (const bad of [["nothing"], one("file:///etc/passwd"), ["bundle.version=2"], ["bundle.mode=all"]]) {
        lines = bad;
        const { warnings, sent } = await clone({ serverBundles: true });
        assertEquals([warnings.length, sent > full * 0.9], [1, true], `${bad}: ${warnings}`);
      }
      const early = await new GitRemote(url, { protocol: 1 }).lsBundles();
      assertEquals(early, undefined);
      const into = `${folder}/none`;
      for (const others of [{ depth: 1 }, { filter: "blob:none" }, { bundle: url }]) {
        const options = { into, serverBundles: true, ...others };
        await assertRejects(() => cloneGitRepository(url, options), TypeError, "undles");
      }
    });
  });
}
