/** A zip with the files of a model, unpacked within limits. */
import { WhylensError } from '../../errors.js';
import type { ModelFile } from '../tfjs/bytes.js';

/** Weights hardly shrink, so an archive that claims to grow by more is made to do harm. */
const LARGEST_GROWTH = 8;
const ALWAYS = 256 * 2 ** 20;
const MOST_FILES = 10_000;

/** By its first bytes. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * @throws WhylensError `MODEL_LOAD` for an archive that is damaged, or grows beyond any honest one
 */
export async function filesInZip(bytes: Uint8Array, name: string): Promise<ModelFile[]> {
  const { unzipSync } = await import('fflate');
  const most = LARGEST_GROWTH * bytes.length + ALWAYS;
  let total = 0;
  let count = 0;
  const wanted = (entry: { readonly name: string; readonly originalSize: number }): boolean => {
    total += entry.originalSize;
    if (++count > MOST_FILES || total > most) {
      throw new WhylensError(
        'MODEL_LOAD',
        `'${name}' is refused: ${count > MOST_FILES ? `it holds more than ${MOST_FILES} files` : `its files claim to hold more than ${most} bytes`}`,
        { facts: { file: name } },
      );
    }
    return !/(^|\/)(__MACOSX\/|\.)|\/$/.test(entry.name);
  };
  try {
    const entries = unzipSync(bytes, { filter: wanted });
    return Object.entries(entries).map(([path, content]) => ({ name: path, bytes: content }));
  } catch (cause) {
    if (cause instanceof WhylensError) throw cause;
    throw new WhylensError(
      'MODEL_LOAD',
      `cannot read the zip '${name}': it is damaged or cut short`,
      {
        cause,
        facts: { file: name },
      },
    );
  }
}
