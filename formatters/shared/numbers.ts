/** Numbers as people read them, the same in every form. */
import type { TargetBase } from '../../src/explanation.js';

/** A number with at most `digits` significant digits; the digits before the point are always complete; ASCII. */
export function plain(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(digits - 1);
  return String(Number(value.toFixed(decimalsOf(size, digits))));
}

/** One way to write all numbers of a column: as many decimals as the largest needs for four digits; ASCII. */
export function plainColumn(values: readonly number[]): (value: number) => string {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest !== 0 && (largest >= 1e7 || largest < 1e-5)) {
    return (value) => value.toExponential(3);
  }
  const decimals = Math.min(Math.max(decimalsOf(largest, 4), 1), 8);
  return (value) => value.toFixed(decimals);
}

/** Weights as ELI5 prints them: three decimals, more only if the largest of the column would read as 0.00; ASCII. */
export function weightColumn(values: readonly number[]): (value: number) => string {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const ordinary = largest === 0 || (largest >= 0.005 && largest < 1e15);
  return ordinary ? (value) => value.toFixed(3) : plainColumn(values);
}

/** The value of a feature as ELI5 prints it. */
export function featureValue(value: number): string {
  return Math.abs(value) < 1e15 ? value.toFixed(3) : plain(value, 6);
}

/** `plain` as it is printed: a real minus sign, powers of ten. */
export const short = (value: number, digits?: number): string => typeset(plain(value, digits));

/** The same, always with its sign. */
export const signed = (value: number): string => withSign(value, short(value));

/** `plainColumn` as it is printed. */
export function column(values: readonly number[]): (value: number) => string {
  const format = plainColumn(values);
  return (value) => typeset(format(value));
}

/** The same with signs. */
export function signedColumn(values: readonly number[]): (value: number) => string {
  const format = column(values);
  return (value) => withSign(value, format(value));
}

/** `weightColumn` as it is printed, with signs. */
export function signedWeights(values: readonly number[]): (value: number) => string {
  const format = weightColumn(values);
  return (value) => withSign(value, typeset(format(value)));
}

/** Importances as ELI5 prints them: four decimals, a plain 0 for zero, and twice the standard deviation; ASCII. */
export function importanceText(
  { weight, std }: { readonly weight: number; readonly std?: number },
  spread: string,
): string {
  const text = weight === 0 ? '     0' : weight.toFixed(4);
  return std === undefined ? text : `${text} ${spread} ${(2 * std).toFixed(4)}`;
}

/** A probability or share, in per cent. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${value >= 99.95 || value === 0 ? Math.round(value) : value.toFixed(1)} %`;
}

/** What a target is called. */
export const nameOf = ({ label, target, definition }: TargetBase): string => {
  if (label !== undefined) return label;
  if (typeof target === 'string') return target;
  if (definition?.kind !== 'regression') return `class ${target}`;
  return target === 0 ? 'predicted value' : `output ${target}`;
};

/**
 * What a target is called in a title: of each class the first of its synonyms, since
 * `dalmatian, coach dog, carriage dog` reads as three classes.
 */
export function shortNameOf(target: TargetBase): string {
  return nameOf(target)
    .split(/( [−+] )/)
    .map((part, i) => (i % 2 === 1 ? part : part.split(',')[0].trim() || part))
    .join('');
}

/** A probability as a title says it: `38 %`. */
export function wholePercent(share: number): string {
  if (share > 0 && share < 0.005) return '< 1 %';
  return share < 1 && share > 0.995 ? '> 99 %' : `${Math.round(share * 100)} %`;
}

/** `dog, 58 %`: a target in a title, with its probability, or else its score. */
export function titled(target: TargetBase): string {
  const { proba, score } = target;
  const name = shortNameOf(target);
  if (proba !== undefined) return `${name}, ${wholePercent(proba)}`;
  return score === undefined ? name : `${name}, score ${short(score)}`;
}

/** `one cell`, `3 cells`. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n} ${n === 1 ? one : many}`;

const decimalsOf = (size: number, digits: number): number =>
  size === 0 ? digits - 1 : Math.max(digits - 1 - Math.floor(Math.log10(size)), 0);

const withSign = (value: number, text: string): string => (value > 0 ? `+${text}` : text);

export const typeset = (text: string): string =>
  text.replace(/^-/, '−').replace(/e\+?(-?)(\d+)$/, ' × 10^$1$2');
