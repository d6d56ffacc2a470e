/**
 * AES in counter mode at any offset.
 */

/** Bytes of a block of AES. */
export const AES_BLOCK = 16;

/** The plain form of bytes at an offset; `counter` is the counter block of offset 0. */
export async function decryptAt(
  key: CryptoKey,
  counter: Uint8Array,
  offset: number,
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const skip = offset % AES_BLOCK;
  const padded = skip === 0 ? bytes as Uint8Array<ArrayBuffer> : new Uint8Array(skip + bytes.length);
  if (skip > 0) padded.set(bytes, skip);
  const plain = await crypto.subtle.decrypt(
    { name: "AES-CTR", counter: counterAt(counter, Math.floor(offset / AES_BLOCK)), length: 128 },
    key,
    padded,
  );
  return new Uint8Array(plain, skip);
}

/** The counter block so many blocks on, carried through all 16 bytes. */
function counterAt(counter: Uint8Array, blocks: number): Uint8Array<ArrayBuffer> {
  const moved = new Uint8Array(counter);
  let carry = BigInt(blocks);
  for (let i = AES_BLOCK - 1; i >= 0 && carry > 0n; i--) {
    carry += BigInt(moved[i]!);
    moved[i] = Number(carry & 0xffn);
    carry >>= 8n;
  }
  return moved;
}
