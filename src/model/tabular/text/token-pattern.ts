/** A regular expression of Python as one of JavaScript with the same meaning. */
import type { Field } from '../fields.js';

/** Letters, digits and the underscore of any script: Python's `\w`. */
const WORD = '\\p{L}\\p{N}_';
/** What Python takes for white space. */
export const SPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const EDGE = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;
const NO_EDGE = `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`;

const OUTSIDE: Readonly<Record<string, string>> = {
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  s: `[${SPACE}]`,
  S: `[^${SPACE}]`,
  b: EDGE,
  B: NO_EDGE,
  A: '^',
  Z: '$',
};
const INSIDE: Readonly<Record<string, string>> = {
  w: WORD,
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  s: SPACE,
  b: '\\x08',
};
/** Escapes that mean the same in both languages. */
const SAME = /^[nrtfv0]$/;
const SYNTAX = /^[\^$\\.*+?()[\]{}|/-]$/;

/**
 * @throws `MODEL_LOAD` for a pattern that is not valid, or that JavaScript has no words for
 */
export function tokenPattern(field: Field): RegExp {
  const pattern = field.text();
  const wrong = (what: string) => field.wrong(`a pattern that can be used here: ${what}`);
  let flags = 'gu';
  let source = '';
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') {
      const next = pattern[++i];
      if (next === undefined) throw wrong('it ends in a backslash');
      const known = (inClass ? INSIDE : OUTSIDE)[next] as string | undefined;
      if (known !== undefined) source += known;
      else if (SAME.test(next) || /^[1-9]$/.test(next)) source += `\\${next}`;
      else if (next === 'x' || next === 'u') {
        const digits = pattern.slice(i + 1, i + (next === 'x' ? 3 : 5));
        source += `\\${next}${digits}`;
        i += digits.length;
      } else if (SYNTAX.test(next)) source += next === '-' && !inClass ? '-' : `\\${next}`;
      else if (/^[A-Za-z]$/.test(next)) throw wrong(`\\${next} has no counterpart`);
      else source += next;
      continue;
    }
    if (inClass) {
      if (char === '[') source += '\\[';
      else source += char;
      // a bracket that comes first is a character of the class
      if (char === ']') inClass = false;
      continue;
    }
    if (char === '[') {
      inClass = true;
      source += char;
      if (pattern[i + 1] === '^') source += pattern[++i];
      if (pattern[i + 1] === ']') {
        source += '\\]';
        i++;
      }
      continue;
    }
    const rest = pattern.slice(i);
    const global = /^\(\?([aimsux]+)\)/.exec(rest);
    if (global !== null) {
      if (/[ax]/.test(global[1])) throw wrong(`the flag (?${global[1]}) has no counterpart`);
      flags += [...global[1]].filter((flag) => flag !== 'u' && !flags.includes(flag)).join('');
      i += global[0].length - 1;
      continue;
    }
    if (rest.startsWith('(?P<')) {
      source += '(?<';
      i += 3;
      continue;
    }
    if (/^\(\?(P=|>|\(|#|[aimsux-]+:)/.test(rest) || /^[*+?}]\+/.test(rest)) {
      throw wrong(`'${rest.slice(0, 6)}' has no counterpart`);
    }
    // a brace that opens no quantifier is a brace
    if (char === '{' && !/^\{\d*,?\d*\}/.test(rest)) source += '\\{';
    else if (char === '}' && !/\{\d*,?\d*$/.test(source)) source += '\\}';
    else if (rest.startsWith('{,')) source += '{0';
    else source += char;
  }
  let made: RegExp;
  try {
    made = new RegExp(source, flags);
  } catch (cause) {
    throw wrong((cause as Error).message);
  }
  if (new RegExp(`${source}|`, 'u').exec('')!.length > 2) {
    throw wrong('it has more than one group; scikit-learn allows one');
  }
  if (nestsRepeats(pattern)) {
    throw wrong('a repeated group that holds a repeat can take for ever on some texts');
  }
  return made;
}

/**
 * `(…+…)+`: the shape of patterns whose time grows without bound on some texts.
 * A group that begins with a separator, as in `\w+(?:-\w+)*`, is harmless.
 */
function nestsRepeats(pattern: string): boolean {
  const plain = pattern
    .replace(/\[\^?\]?[^\]]*\]/g, (set) => (/\\[wWDS]|\w-\w|\[\^/.test(set) ? 'x' : '-'))
    .replace(/\\(.)/g, (_, char: string) => (/[wWdDsS]/.test(char) ? 'x' : '-'));
  const groups: { readonly separated: boolean; repeats: boolean }[] = [];
  for (let i = 0; i < plain.length; i++) {
    const repeat = (at: number) => /^([*+]|\{\d*,)/.test(plain.slice(at));
    if (plain[i] === '(') {
      groups.push({ separated: /^\((\?:)?-/.test(plain.slice(i)), repeats: false });
    } else if (plain[i] === ')') {
      const group = groups.pop();
      if (group?.repeats === true && !group.separated && repeat(i + 1)) return true;
      if (group?.repeats === true && groups.length > 0) groups[groups.length - 1].repeats = true;
    } else if (repeat(i) && groups.length > 0) groups[groups.length - 1].repeats = true;
  }
  return false;
}
