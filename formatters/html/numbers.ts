/** Numbers as people read them. */
import type { TargetBase } from '../../src/explanation.js';

/** Three decimals, or powers of ten where they would say nothing; a real minus sign. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  const text =
    size === 0
      ? '0'
      : size < 0.001 || size >= 1e6
        ? size.toExponential(2).replace('e', ' × 10^').replace('^+', '^')
        : Number.isInteger(size)
          ? String(size)
          : size.toFixed(size < 10 ? 3 : size < 1000 ? 2 : 0);
  return value < 0 ? `−${text}` : text;
}

/** The same with its sign always there. */
export const signed = (value: number): string => (value > 0 ? `+${short(value)}` : short(value));

/** A probability or share, in per cent. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${value >= 99.95 || value === 0 ? Math.round(value) : value.toFixed(1)} %`;
}

/** What a target is called. */
export const nameOf = ({ label, target }: TargetBase): string =>
  label ?? (typeof target === 'number' ? `class ${target}` : target);

/** `one cell`, `3 cells`. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n} ${n === 1 ? one : many}`;
