import type { TokenPart } from './interface.js';

/** Tells that the end of a text is not read; undefined where all of it is. */
export function cutWarning({ encode, maxLength }: TokenPart, text: string): string | undefined {
  const { cut, spans } = encode(text);
  if (cut === 0) return undefined;
  const end = spans.reduce((last, [, to]) => Math.max(last, to), 0);
  return `the model reads at most ${maxLength} tokens: the last ${cut} of the text, from character ${end} on, are cut off and have no part in the score`;
}
