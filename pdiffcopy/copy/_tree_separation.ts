/**
 * Giving a name a file of its own: what is written to it then is not written to the other names of the file that it had.
 */
import { isRegular } from "../file/_block_file.ts";
import type { BlockDirectory } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { KeptFacts } from "./_kept_facts.ts";
import { openToReplace } from "./_owner_write.ts";
import { partName } from "./_side_files.ts";
import { lockOrFail } from "./_target_plan.ts";

const COPY_BLOCK = 1 << 20;

/** Copies a file that has other names too, with its facts, and puts the copy in place of this name. */
export async function separateName(directory: BlockDirectory, name: string): Promise<void> {
  using shared = openToReplace(directory, name, true);
  if (shared === undefined) throw failure("NOT_FOUND", `Cannot write ${name}: it is gone`);
  const { mode, links, size, mtimeNs, identity } = shared.status();
  if (!isRegular(mode) || links < 2) return;
  await lockOrFail(shared, name);
  const part = partName(name);
  directory.remove(part);
  try {
    using copy = directory.open(part, { write: true, create: true, exclusive: true, mode: 0o600 });
    await lockOrFail(copy, name);
    if (!await shared.cloneTo(copy)) await shared.copyTo(copy, 0, size, COPY_BLOCK, 1);
    await copy.resize(size);
    const lost = new KeptFacts(shared).giveTo(copy);
    if (lost !== undefined) {
      throw failure(
        "IO",
        `Cannot write ${name}: it has several names, and a copy of it would lose its ${lost}`,
      );
    }
    copy.setFacts({ mtimeNs });
    await copy.sync();
    using current = directory.open(name, { beneath: true, noFollow: true });
    const now = current.status(); // its version is another when a further name has been separated
    if (now.identity !== identity || now.size !== size || now.mtimeNs !== mtimeNs) {
      throw failure("TARGET_CHANGED", `Cannot replace ${name}: somebody else changed it during the copy`);
    }
    directory.rename(part, name);
  } catch (error) {
    directory.remove(part);
    throw error;
  }
}
