/**
 * `sluice zpaq e`: archives under another password.
 */
import { decryptZpaqSource, encryptZpaqUpdate, newZpaqSalt, ZpaqArchive } from "@sluice/zpaq";
import type { ByteSource, ZpaqUpdateSink } from "@sluice/zpaq";
import { openFileSource } from "@sluice/internal/file-source";
import { EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import type { Messages } from "../shared/messages.ts";
import { ProtectedFiles, writeOutput } from "../shared/target.ts";
import type { ZpaqSettings } from "./options.ts";

const PIECE_SIZE = 1 << 20;

/** `e KEY KEY IN OUT`: an archive under another password; an empty one stands for none. */
export async function reencryptCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [before, after, input, output] = settings.operands;
  if (output === undefined) throw new UsageFailure("zpaq e needs two passwords, an input and an output");
  using source = await openFileSource(input!);
  const plain = before === "" ? source : await decryptZpaqSource(source, before!);
  // Only what was read to its end as an archive is copied; a wrong key would make noise of noise.
  using archive = await ZpaqArchive.open(plain);
  const [junk] = archive.junk;
  if (junk !== undefined) {
    throw new Failure(`zpaq: ${input}: ${junk.size} bytes at ${junk.offset} belong to no block`, 2);
  }
  await writeOutput(output, encrypted(plain, after!), {
    command: "zpaq",
    force: settings.force,
    forceFlag: "-force",
    exitCode: 2,
    messages,
    files: await ProtectedFiles.of([input]),
  });
  return EXIT.ok;
}

async function* encrypted(
  source: ByteSource,
  password: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const held: Uint8Array<ArrayBuffer>[] = [];
  let sink: ZpaqUpdateSink = { write: (bytes) => void held.push(bytes), rewrite(): void {} };
  if (password !== "") {
    const salt = newZpaqSalt();
    yield salt;
    sink = await encryptZpaqUpdate(sink, password, salt.slice(), salt.length);
  }
  for (let at = 0; at < source.size; at += PIECE_SIZE) {
    const piece = await source.read(at, Math.min(PIECE_SIZE, source.size - at));
    await sink.write(piece.slice());
    yield* held.splice(0);
  }
}
