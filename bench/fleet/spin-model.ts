/** A model whose every answer takes as long as `WHYLENS_BENCH_SPIN` says, of a processor and not of the clock. */
import type { NdArray } from 'whylens';

const rounds = Number(process.env.WHYLENS_BENCH_SPIN ?? 0);

/** Work of about a nanosecond a round. */
export function spin(count: number): number {
  let x = 1;
  for (let i = 0; i < count; i++) x = (Math.imul(x, 48271) + 1) | 0;
  return x;
}

export default function model({ shape: [count] }: NdArray): number[][] {
  const noise = spin(rounds) === 0 ? 1 : 0;
  return Array.from({ length: count }, (_, n) => [1, n + noise]);
}

export const labels = ['one', 'two'];
export const inputShape = [4, 6, 3];
export const preprocess = 'unit';
