/**
 * `sluice zpaq e`: archives under another password.
 */
import { decryptZpaqSource, encryptZpaqUpdate } from "@sluice/zpaq";
import type { ByteSource, ZpaqUpdateSink } from "@sluice/zpaq";
import { openFileSource } from "@sluice/internal/file-source";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { writeOutput } from "../shared/write_output.ts";
import type { ZpaqSettings } from "./options.ts";
import { newSalt, SALT_SIZE } from "./sink.ts";

const PIECE_SIZE = 1 << 20;

/** `e KEY KEY IN OUT`: an archive under another password; an empty one stands for none. */
export async function reencryptCommand(settings: ZpaqSettings): Promise<number> {
  const [before, after, input, output] = settings.operands;
  if (output === undefined) throw new UsageFailure("zpaq e needs two passwords, an input and an output");
  using source = await openFileSource(input!);
  const plain = before === "" ? source : await decryptZpaqSource(source, before!);
  await writeOutput(output, encrypted(plain, after!));
  return EXIT.ok;
}

async function* encrypted(
  source: ByteSource,
  password: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const held: Uint8Array<ArrayBuffer>[] = [];
  let sink: ZpaqUpdateSink = { write: (bytes) => void held.push(bytes), rewrite(): void {} };
  if (password !== "") {
    const salt = newSalt();
    yield salt;
    sink = await encryptZpaqUpdate(sink, password, salt.slice(), SALT_SIZE);
  }
  for (let at = 0; at < source.size; at += PIECE_SIZE) {
    const piece = await source.read(at, Math.min(PIECE_SIZE, source.size - at));
    await sink.write(piece.slice());
    yield* held.splice(0);
  }
}
