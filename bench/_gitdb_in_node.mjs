/**
 * A clone and the same reads of it in Node: the whole history of `main`, then every file of its last commit. Called as
 * `node _gitdb_in_node.mjs KIND URL FOLDER`, with our bundle in the folder.
 */
import fs from "node:fs";

const [kind, url, folder] = process.argv.slice(2);

async function byIsomorphicGit() {
  const { default: git } = await import("isomorphic-git");
  const { default: http } = await import("isomorphic-git/http/node");
  const gitdir = `${folder}/isomorphic.git`;
  const at = { fs, gitdir, cache: {} };
  await git.clone({
    ...at,
    dir: gitdir,
    http,
    url,
    ref: "main",
    singleBranch: true,
    noTags: true,
    noCheckout: true,
  });
  const log = await git.log({ ...at, ref: "main" });
  const files = await git.listFiles({ ...at, ref: "main" });
  let bytes = 0;
  await git.walk({
    ...at,
    trees: [git.TREE({ ref: "main" })],
    map: async (_, [entry]) => {
      if (await entry.type() === "blob") bytes += (await entry.content()).length;
    },
  });
  return [log.length, files.length, bytes];
}

async function byOurs() {
  const ours = await import(`${folder}/bundle.mjs`);
  const remote = new ours.GitRemote(url, { stallTimeoutMs: 300_000 });
  let id;
  for await (const ref of remote.lsRefs({ prefixes: ["refs/heads/main"] })) ({ id } = ref);
  const { pack } = await remote.fetch({ wants: [id] });
  const file = `${folder}/ours.pack`;
  await fs.promises.writeFile(file, pack);
  const source = ours.byteSourceFromBlob(await fs.openAsBlob(file));
  const { index } = await ours.buildGitPackIndex(source);
  const store = await ours.PackStore.fromSources([{
    name: "clone",
    pack: source,
    index: ours.byteSourceFromBytes(index),
  }]);
  let commits = 0;
  let tree;
  for (let next = id; next !== undefined; commits++) {
    const commit = ours.parseGitCommit(await (await store.read(next)).bytes());
    tree ??= commit.tree;
    next = commit.parents[0];
  }
  const blobs = [];
  for (const open = [tree]; open.length > 0;) {
    const object = await store.read(open.pop());
    for (const row of ours.parseGitTree(await object.bytes(), "sha1")) {
      if (row.type === "tree") open.push(row.id);
      else if (row.type === "blob") blobs.push(row.id);
    }
  }
  let bytes = 0;
  for await (const batch of store.readBatches(blobs)) {
    for (const result of batch) {
      if (!result.ok) throw result.error;
      bytes += result.value.size;
    }
    batch[Symbol.dispose]?.();
  }
  store.close();
  return [commits, blobs.length, bytes];
}

console.log(kind, ...await (kind === "isomorphic-git" ? byIsomorphicGit() : byOurs()));
