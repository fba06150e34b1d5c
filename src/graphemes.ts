/** Characters as a reader sees them, in texts of any length. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** UTF-16 units segmented at a time: the time of the segmenter grows with the square of the length. */
export const STRETCH = 1000;

/** The characters as a reader sees them, each with its place in the string. */
export function graphemes(text: string): { text: string; at: number }[] {
  const found: { text: string; at: number }[] = [];
  let length = STRETCH;
  for (let start = 0; start < text.length;) {
    // never between the halves of a code point
    if ((text.charCodeAt(start + length - 1) & 0xfc00) === 0xd800) length++;
    const isLast = start + length >= text.length;
    const parts = Array.from(
      segmenter.segment(text.slice(start, start + length)),
      ({ segment }) => segment,
    );
    // the last one may go on in the next stretch
    if (!isLast) parts.pop();
    length = parts.length === 0 ? 2 * length : STRETCH;
    for (const part of parts) {
      found.push({ text: part, at: start });
      start += part.length;
    }
  }
  return found;
}
