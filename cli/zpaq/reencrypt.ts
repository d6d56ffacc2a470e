/**
 * `sluice zpaq e`: archives under another password.
 */
import { decryptZpaqSource, encryptZpaqUpdate, newZpaqSalt, ZpaqArchive } from "@sluice/zpaq";
import type { ByteSource, ZpaqUpdateSink } from "@sluice/zpaq";
import { openFileSource } from "@sluice/internal/file-source";
import { EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import type { Messages } from "../shared/messages.ts";
import { ProtectedFiles, writeOutput } from "../shared/target.ts";
import { readPassword } from "./password.ts";
import type { Password, PasswordSource } from "./password.ts";
import type { ZpaqSettings } from "./options.ts";

const PIECE_SIZE = 1 << 20;

/** The passwords of the command; an empty one is none. */
async function passwordsOf({ operands, key, newKey }: ZpaqSettings): Promise<[Password, Password]> {
  const named = key !== undefined || newKey !== undefined;
  if (operands.length === 4 && !named) return [operands[0]!, operands[1]!];
  if (operands.length !== 2 || !named) {
    throw new UsageFailure(
      "zpaq e needs two passwords, an input and an output; the passwords may be given by -key-file and -new-key-file",
    );
  }
  const of = async (source: PasswordSource | undefined, isNew: boolean): Promise<Password> =>
    source === undefined ? "" : await readPassword(source, isNew);
  return [await of(key, false), await of(newKey, true)];
}

/** `e KEY KEY IN OUT`: an archive under another password. */
export async function reencryptCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [before, after] = await passwordsOf(settings);
  const [input, output] = settings.operands.slice(-2) as [string, string];
  using source = await openFileSource(input);
  const plain = before === "" ? source : await decryptZpaqSource(source, before);
  // Only what was read to its end as an archive is copied; a wrong key would make noise of noise.
  using archive = await ZpaqArchive.open(plain);
  const [junk] = archive.junk;
  if (junk !== undefined) {
    throw new Failure(`zpaq: ${input}: ${junk.size} bytes at ${junk.offset} belong to no block`, 2);
  }
  await writeOutput(output, encrypted(plain, after), {
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
  password: Password,
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
