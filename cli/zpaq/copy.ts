/**
 * `sluice zpaq x -repack FILE [PASSWORD]` and `x -index FILE`: an archive without what nothing refers to, and an archive's
 * index alone. The file gets its name when it is complete.
 */
import { encryptZpaqUpdate } from "@sluice/zpaq";
import type { ZpaqArchive } from "@sluice/zpaq";
import { Failure } from "../shared/exit.ts";
import { onTermination } from "../shared/termination.ts";
import { fileSink, newSalt, SALT_SIZE } from "./sink.ts";

/** What is written, and where. */
export interface CopyRequest {
  readonly kind: "repack" | "index";
  readonly target: string;
  readonly password: string | undefined;
  /** Whether a file of that name is replaced. */
  readonly force: boolean;
}

/** Writes the copy. */
export async function copyArchive(archive: ZpaqArchive, request: CopyRequest): Promise<void> {
  const { kind, target, password, force } = request;
  if (!force && await Deno.lstat(target).then(() => true, () => false)) {
    throw new Failure(`zpaq: ${target} exists: -force overwrites it`, 2);
  }
  const temporary = `${target}.${crypto.randomUUID().slice(0, 13)}.part`;
  const file = await Deno.open(temporary, { write: true, createNew: true });
  const forget = onTermination(() => Deno.removeSync(temporary));
  try {
    try {
      let sink = fileSink(file, 0);
      if (password !== undefined) {
        const salt = newSalt();
        await sink.write(salt.slice());
        sink = await encryptZpaqUpdate(fileSink(file, SALT_SIZE), password, salt, SALT_SIZE);
      }
      await (kind === "repack" ? archive.repack(sink) : archive.writeIndex(sink));
    } finally {
      file.close();
    }
    await Deno.rename(temporary, target);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  } finally {
    forget();
  }
}
