/** MurmurHash3, x86, 32 bits, seed 0 (Appleby; public domain), as scikit-learn hashes features. */

const [C1, C2] = [0xcc9e2d51, 0x1b873593];

/**
 * The hash of a text's UTF-8 bytes as a signed number.
 *
 * @example
 * murmur3('rocket'); // 515862427
 */
export function murmur3(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const { length } = bytes;
  const blocks = length & ~3;
  let hash = 0;
  for (let i = 0; i < blocks; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    hash ^= scramble(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = length - 1; i >= blocks; i--) tail = (tail << 8) | bytes[i];
  if (length > blocks) hash ^= scramble(tail);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, C1);
  return Math.imul((mixed << 15) | (mixed >>> 17), C2);
}
