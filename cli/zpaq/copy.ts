/**
 * `sluice zpaq x -repack FILE [PASSWORD]` and `x -index FILE`: an archive without what nothing refers to, and an archive's
 * index alone. The file gets its name when it is complete.
 */
import { encryptZpaqUpdate } from "@sluice/zpaq";
import type { ZpaqArchive, ZpaqRepackOptions, ZpaqUpdateSink } from "@sluice/zpaq";
import { checkTarget, ProtectedFiles } from "../shared/target.ts";
import type { Messages } from "../shared/messages.ts";
import { newSalt, SALT_SIZE } from "./sink.ts";
import { openUpdate } from "./update_file.ts";

/** What is written, and where. */
export interface CopyRequest {
  /** What is kept of the archive; undefined for its index alone. */
  readonly repack: ZpaqRepackOptions | undefined;
  readonly target: string;
  readonly password: string | undefined;
  /** Whether a file of that name is replaced. */
  readonly force: boolean;
  /** The parts of the archive. */
  readonly inputs: readonly string[];
  readonly messages: Messages;
}

/** Writes the copy. */
export async function copyArchive(archive: ZpaqArchive, request: CopyRequest): Promise<void> {
  const { repack, target, password, force, messages } = request;
  const files = await ProtectedFiles.of(request.inputs);
  await checkTarget(target, { command: "zpaq", force, forceFlag: "-force", messages, files, exitCode: 2 });
  const size = await Deno.stat(target).then((info) => info.size, () => undefined);
  const file = await openUpdate({ path: target, end: 0, size });
  try {
    let { sink } = file;
    if (password !== undefined) {
      const salt = newSalt();
      await sink.write(salt.slice());
      const { write, rewrite } = sink;
      const behindSalt: ZpaqUpdateSink = {
        write,
        rewrite: (offset, bytes) => rewrite(offset + SALT_SIZE, bytes),
      };
      sink = await encryptZpaqUpdate(behindSalt, password, salt, SALT_SIZE);
    }
    await (repack === undefined ? archive.writeIndex(sink) : archive.repack(sink, repack));
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit();
}
