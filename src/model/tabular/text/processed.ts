/** A text made lower case and freed of accents, with the way back to the text as written. */

export interface Processed {
  /** Code points, as Python counts characters. */
  readonly chars: readonly string[];
  /** Where each comes from in the text as written, in UTF-16 units. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export interface ProcessOptions {
  readonly lowercase: boolean;
  readonly stripAccents: 'unicode' | 'ascii' | null;
}

/** What scikit-learn's preprocessor does: `lower()`, then accents away. */
export function processText(text: string, { lowercase, stripAccents }: ProcessOptions): Processed {
  const chars: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  // a final sigma depends on its neighbours, so the whole text is lowered, and cut up again
  const lowered = lowercase ? text.toLowerCase() : text;
  let from = 0;
  let at = 0;
  // scikit-learn leaves a text of plain ASCII alone, which comes to the same
  for (const char of text) {
    const length = lowercase ? char.toLowerCase().length : char.length;
    const piece = lowered.slice(at, at + length);
    at += length;
    for (const one of stripAccents === null ? piece : strip(piece, stripAccents)) {
      chars.push(one);
      starts.push(from);
      ends.push(from + char.length);
    }
    from += char.length;
  }
  return { chars, starts: Int32Array.from(starts), ends: Int32Array.from(ends) };
}

function strip(piece: string, kind: 'unicode' | 'ascii'): string {
  const decomposed = piece.normalize('NFKD');
  return Array.from(decomposed)
    .filter((char) => (kind === 'ascii' ? char.codePointAt(0)! < 128 : !isCombining(char)))
    .join('');
}

/**
 * Whether a code point has a combining class, which decides in Python. No
 * property of regular expressions tells it, but normalising sorts marks by it:
 * one with a class between 0 and 240 moves before U+0345, whose class is 240.
 */
function isCombining(char: string): boolean {
  if (char.codePointAt(0)! < 0x300) return false;
  return char === '\u0345' || `\u0345${char}`.normalize('NFD') === `${char}\u0345`;
}
