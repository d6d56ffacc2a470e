/**
 * The files that the rows of compressors work on, and what is left of them.
 */
/** Makes files as the pages of lz4 and zstd describe them: plain, compressed, damaged, a folder, a link. */
export async function codecFiles(
  cwd: string,
  suffix: string,
  compress: (content: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  const write = (name: string, bytes: Uint8Array) => Deno.writeFile(`${cwd}/${name}`, bytes);
  const encoder = new TextEncoder();
  const a = encoder.encode("hello world ".repeat(5000));
  await write("a", a);
  await write("b", encoder.encode("x".repeat(100)));
  await write("empty", new Uint8Array());
  await write("plain." + suffix, encoder.encode("plain text\n"));
  await write("names", encoder.encode("a\nb\n"));
  const frame = await compress(a);
  await write(`c.${suffix}`, frame);
  await write(`b2.${suffix}`, await compress(await Deno.readFile(`${cwd}/b`)));
  await write(`cut.${suffix}`, frame.subarray(0, -5));
  await write(`two.${suffix}`, new Uint8Array([...frame, ...frame]));
  await write(`trailing.${suffix}`, new Uint8Array([...frame, ...encoder.encode("trailing")]));
  const damaged = frame.slice();
  damaged[damaged.length >> 1]! ^= 0x55;
  await write(`damaged.${suffix}`, damaged);
  await Deno.mkdir(`${cwd}/folder`);
  await write("folder/f", encoder.encode("in a folder "));
  await Deno.symlink("a", `${cwd}/link`);
}

/** Everything below a folder by its content; what is compressed, by the content that the tool finds in it. */
export async function codecState(
  cwd: string,
  suffix: string,
  decode: (bytes: Uint8Array) => Promise<Uint8Array | undefined>,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const hash = async (bytes: Uint8Array) =>
    `${bytes.length} ${new Uint8Array(await crypto.subtle.digest("SHA-1", bytes as BufferSource)).toHex()}`;
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory, isSymlink } of Deno.readDir(`${cwd}/${folder}`)) {
      const path = folder + name;
      if (isDirectory) await walk(`${path}/`);
      else if (isSymlink) found[path] = "link";
      else {
        const bytes = await Deno.readFile(`${cwd}/${path}`);
        const content = name.endsWith(suffix) ? await decode(bytes) : undefined;
        found[path] = content === undefined ? await hash(bytes) : `compressed ${await hash(content)}`;
      }
    }
  };
  await walk("");
  return found;
}
