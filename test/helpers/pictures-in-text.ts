/** Snapshots of text with PNG pictures inside: the text counts by the byte, the pictures by their pixels. */
import { decodePng } from '../../src/images/png.js';

const ADDRESS = /data:image\/png;base64,([A-Za-z0-9+/=]+)/g;

/**
 * For `matchSnapshot`: compressed bytes differ between versions of zlib, so the
 * embedded pictures are decoded; no sample may differ by more than `tolerance`.
 */
export function compareWithPictures(
  expected: Uint8Array,
  actual: Uint8Array,
  tolerance = 1,
): string | undefined {
  const [a, b] = [expected, actual].map((bytes) => Buffer.from(bytes).toString('utf8'));
  const [plainA, plainB] = [a, b].map((text) => text.replace(ADDRESS, '…'));
  if (plainA !== plainB) {
    let at = 0;
    while (plainA[at] === plainB[at]) at++;
    return `differs in line ${plainA.slice(0, at).split('\n').length}: expected …${plainA.slice(at - 30, at + 60)}…, made …${plainB.slice(at - 30, at + 60)}…`;
  }
  const pictures = [a, b].map((text) => [...text.matchAll(ADDRESS)].map((match) => match[1]));
  for (const [i, base64] of pictures[0].entries()) {
    if (base64 === pictures[1][i]) continue;
    const problem = comparePng(
      Buffer.from(base64, 'base64'),
      Buffer.from(pictures[1][i], 'base64'),
      tolerance,
    );
    if (problem !== undefined) return `picture ${i + 1} ${problem}`;
  }
  return undefined;
}

/** Says how far two PNG files differ in size or in a sample, or nothing. */
export function comparePng(
  expected: Uint8Array,
  actual: Uint8Array,
  tolerance = 1,
): string | undefined {
  const a = decodePng(expected);
  const b = decodePng(actual);
  if (a.width !== b.width || a.height !== b.height || a.mode !== b.mode) {
    return `is ${a.width}×${a.height} ${a.mode}, made ${b.width}×${b.height} ${b.mode}`;
  }
  let most = 0;
  let where = 0;
  a.data.forEach((value, i) => {
    const difference = Math.abs(value - b.data[i]);
    if (difference > most) [most, where] = [difference, i];
  });
  return most > tolerance ? `differs by ${most} of 255 at sample ${where}` : undefined;
}
