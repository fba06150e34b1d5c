/**
 * Targets as people write them on a command line: `282`, `tiger cat`,
 * `tiger cat - bull mastiff`, `0.5 * 3 + "salt, pepper"`, `not cat`, `top 2`,
 * `7@other head` or `head:7`, `[4, 7]` for one number of an output. Labels hold spaces, commas and
 * hyphens, so known labels are
 * matched first and the longest one wins; an operator has spaces on both sides.
 */
import { WhylensError } from '../errors.js';
import type { Target } from '../explanation.js';
import { labelIndex, synonymsOf } from '../images/labels.js';
import {
  classTarget,
  elementTarget,
  negativeClass,
  topClass,
  weightedTarget,
} from '../model/targets.js';

interface Reader {
  readonly text: string;
  readonly lower: string;
  readonly labels: readonly string[];
  /** A comma ends a target. */
  readonly list: boolean;
  at: number;
}

/** One `--target`. Throws `UNKNOWN_LABEL` with the nearest labels, `USAGE` if the text makes no sense. */
export function parseTarget(text: string, labels: readonly string[] = []): Target {
  const reader = read(text, labels, false);
  if (/^[-−]\d+$/.test(reader.text) && !labels.includes(reader.text)) {
    const index = reader.text.slice(1);
    throw new WhylensError(
      'INVALID_TARGET',
      `target index must be at least 0, got ${reader.text}; write 'not ${index}' for what speaks against class ${index}`,
    );
  }
  const target = expression(reader);
  return finish(reader, target);
}

/** Several targets separated by commas, as `compare --target a,b` takes them. */
export function parseTargetList(text: string, labels: readonly string[] = []): Target[] {
  const reader = read(text, labels, true);
  const targets = [expression(reader)];
  while (skip(reader, /\s*,\s*/y) !== undefined) targets.push(expression(reader));
  return finish(reader, targets);
}

function read(text: string, labels: readonly string[], list: boolean): Reader {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw new WhylensError(
      'USAGE',
      `a target must be a class index, a label or a sum of them such as 'tiger cat - bull mastiff', got an empty text`,
    );
  }
  return { text: trimmed, lower: trimmed.toLowerCase(), labels, list, at: 0 };
}

function finish<T>(reader: Reader, value: T): T {
  if (reader.at < reader.text.length) {
    throw new WhylensError(
      'USAGE',
      `target '${reader.text}' is not understood from '${reader.text.slice(reader.at)}' on; an operator needs a space on both sides, a label with special characters needs quotes`,
    );
  }
  return value;
}

function expression(reader: Reader): Target {
  const terms: { target: Target; weight: number }[] = [];
  let sign = signOf(skip(reader, /[-−+]\s*/y));
  for (;;) {
    const factor = skip(reader, /(\d+(?:\.\d+)?|\.\d+)\s*[*×]\s*/y);
    const weight = factor === undefined ? 1 : Number.parseFloat(factor);
    terms.push({ target: atom(reader), weight: sign * weight });
    const operator = skip(reader, /\s+[-−+]\s+/y);
    if (operator === undefined) break;
    sign = signOf(operator);
  }
  return terms.length === 1 && terms[0].weight === 1 ? terms[0].target : weightedTarget(terms);
}

function atom(reader: Reader): Target {
  const index = skipWhole(reader, /\d+/y);
  if (index !== undefined) return classTarget(Number(index), output(reader));
  const label = longestLabel(reader);
  if (label === undefined) {
    // `head:3` is `3@head`, and the text before the colon is not a class of this output
    const before = skip(reader, /[^\s:"'@[\]]+:(?=\S)/y)?.slice(0, -1);
    if (before !== undefined) return ofOutput(atom(reader), before, reader);
    const place = skipWhole(reader, /\[\s*\d+(\s*,\s*\d+)*\s*\]/y);
    if (place !== undefined) return elementTarget(place.match(/\d+/g)!.map(Number), output(reader));
  }
  if (label !== undefined) {
    const written = reader.text.slice(reader.at, (reader.at += label.length));
    return classTarget(indexOf(written, reader.labels), output(reader));
  }
  const quoted = skipWhole(reader, /"[^"]*"|'[^']*'/y);
  if (quoted !== undefined) {
    return classTarget(indexOf(quoted.slice(1, -1), reader.labels), output(reader));
  }
  const rank = skipWhole(reader, /top(\s+[1-9]\d*)?/iy);
  if (rank !== undefined) {
    return topClass(Math.max(1, Number(rank.slice(3).trim())) - 1, output(reader));
  }
  if (skip(reader, /not\s+/iy) !== undefined) return negative(reader, atom(reader));
  const unknown = skip(
    reader,
    reader.list ? /.*?(?=\s+[-−+]\s|\s*,|@|$)/y : /.*?(?=\s+[-−+]\s|@|$)/y,
  );
  return classTarget(indexOf(unknown ?? '', reader.labels), output(reader));
}

function ofOutput(target: Target, name: string, reader: Reader): Target {
  if (target.kind !== 'weighted' && target.output === undefined) return { ...target, output: name };
  throw new WhylensError('USAGE', `'${reader.text}' names two outputs of one class`);
}

function negative(reader: Reader, target: Target): Target {
  if (target.kind === 'class') return negativeClass(target.index, target.output);
  throw new WhylensError(
    'USAGE',
    `'not' must stand before a class index or a label, got '${reader.text}'`,
  );
}

/** `@name` after a class says which output is meant. */
function output(reader: Reader): string | undefined {
  return skip(
    reader,
    reader.list ? /@[^,]+?(?=\s+[-−+]\s|\s*,|$)/y : /@.+?(?=\s+[-−+]\s|$)/y,
  )?.slice(1);
}

/** The longest label that begins at this place and ends at the end of a word. */
function longestLabel(reader: Reader): string | undefined {
  let longest: string | undefined;
  for (const label of reader.labels.flatMap((name) => [name, ...synonymsOf(name)])) {
    if (
      label.length > (longest?.length ?? 0) &&
      reader.lower.startsWith(label.toLowerCase(), reader.at) &&
      endsAt(reader, reader.at + label.length)
    ) {
      longest = label;
    }
  }
  return longest;
}

function indexOf(label: string, labels: readonly string[]): number {
  if (labels.length > 0) return labelIndex(label, labels);
  throw new WhylensError(
    'UNKNOWN_LABEL',
    `target '${label}' is not a class index and the labels are not known; give the index, or a file of labels with --labels`,
    { facts: { label } },
  );
}

function skip(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text)?.[0];
  if (match !== undefined) reader.at += match.length;
  return match;
}

/** As `skip`, but only if the target ends after it. */
function skipWhole(reader: Reader, pattern: RegExp): string | undefined {
  const start = reader.at;
  const match = skip(reader, pattern);
  if (match === undefined || endsAt(reader, reader.at)) return match;
  reader.at = start;
  return undefined;
}

function endsAt({ text, list }: Reader, at: number): boolean {
  const rest = text.slice(at);
  return /^(?:$|@|\s+[-−+]\s)/.test(rest) || (list && /^\s*,/.test(rest));
}

function signOf(operator: string | undefined): 1 | -1 {
  return operator !== undefined && /[-−]/.test(operator) ? -1 : 1;
}
