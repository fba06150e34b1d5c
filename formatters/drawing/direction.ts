/**
 * Which way words run, for drawings that place each word themselves: the rules of
 * Unicode's bidirectional algorithm (UAX 9) that matter between whole words.
 */

import { graphemes } from '../../src/graphemes.js';

export type Direction = 'ltr' | 'rtl';

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;
const STRONG = /\p{L}/u;

/** By the first letter; undefined for digits, marks and blanks. */
export function directionOf(text: string): Direction | undefined {
  const letter = STRONG.exec(text)?.[0];
  if (letter === undefined) return undefined;
  return RIGHT_TO_LEFT.test(letter) ? 'rtl' : 'ltr';
}

/**
 * Words of one line in the order in which they stand from left to right, with
 * the way each runs. A word without letters goes with its neighbours if both
 * run the same way, else with the paragraph.
 */
export function visualOrder(
  words: readonly (Direction | undefined)[],
  base: Direction,
): { readonly word: number; readonly direction: Direction }[] {
  const before = new Array<Direction>(words.length);
  let last = base;
  words.forEach((word, i) => (before[i] = last = word ?? last));
  let next = base;
  const resolved = new Array<Direction>(words.length);
  for (let i = words.length - 1; i >= 0; i--) {
    const own = words[i];
    resolved[i] = own ?? (before[i] === next ? next : base);
    next = own ?? next;
  }
  const runs: number[][] = [];
  resolved.forEach((direction, i) => {
    const run = runs.at(-1);
    if (run !== undefined && resolved[run[0]] === direction) run.push(i);
    else runs.push([i]);
  });
  const ordered = base === 'rtl' ? runs.reverse() : runs;
  return ordered.flatMap((run) => {
    const direction = resolved[run[0]];
    const inside = direction === 'rtl' ? [...run].reverse() : run;
    return inside.map((word) => ({ word, direction }));
  });
}

/** The characters as they stand from left to right, if nothing else puts them into order. */
export function drawnOrder(text: string): string {
  if (directionOf(text) !== 'rtl') return text;
  return graphemes(text)
    .map(({ text: letter }) => letter)
    .reverse()
    .join('');
}
