/**
 * Hashing objects that may be too large for memory.
 */
import { GitHashKernel } from "./_codec.ts";
import type { OutsideOptions } from "./_codec.ts";
import { idMismatch } from "./_errors.ts";
import { GitObjectId, HASH_SIZE } from "./_object_id.ts";
import type { GitObject } from "./object.ts";

/** Bodies up to this size are hashed in one piece. */
const WHOLE_SIZE = 16 << 20;

/**
 * The id of an object from outside, whose body is read as a stream.
 *
 * @throws {CorruptDataError} If it was made to collide with another under SHA-1.
 */
export async function hashObjectBody(object: GitObject, options: OutsideOptions): Promise<GitObjectId> {
  const { algorithm } = object.id;
  const hash = new GitHashKernel(HASH_SIZE[algorithm], { outside: options.collisionDetection !== false });
  try {
    hash.update(new TextEncoder().encode(`${object.type} ${object.size}\0`));
    if (object.size <= WHOLE_SIZE) hash.update(await object.bytes());
    else for await (const chunk of object.body) hash.update(chunk);
    return GitObjectId.from(hash.digest());
  } finally {
    hash.close();
  }
}

/**
 * Hashes an object and compares with its id.
 *
 * @throws {CorruptDataError} If that is another.
 */
export async function verifyObject(object: GitObject, options: OutsideOptions): Promise<void> {
  const actual = await hashObjectBody(object, options);
  if (!actual.equals(object.id)) throw idMismatch(object.id, actual);
}
