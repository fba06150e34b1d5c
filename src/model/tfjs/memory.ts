import { sizeOf } from '../../maths/ndarray.js';
import type { Samples } from '../interface.js';
import type { Plan } from './execute.js';
import type { Program } from './program.js';

const BYTES = 4;

/**
 * What one sample costs while a plan runs: what is kept for the backward pass,
 * plus the largest step's input, output and scratch space.
 */
export function bytesPerSample(program: Program, plan: Plan, inputs: readonly Samples[]): number {
  const { kept, widest } = valuesOf(program, plan, inputs, 8);
  return BYTES * (kept + widest * (plan.backward.length > 0 ? 3 : 2));
}

/** Bytes that one sample cannot do with less of; open sizes count as nothing. */
export function neededBytes(program: Program, plan: Plan, inputs: readonly Samples[]): number {
  const { kept, widest } = valuesOf(program, plan, inputs, 0);
  return BYTES * Math.max(kept, widest);
}

/** Values kept to the end, and the most that one step reads and writes. */
function valuesOf(
  program: Program,
  plan: Plan,
  inputs: readonly Samples[],
  open: number,
): { readonly kept: number; readonly widest: number } {
  const shapes = new Map<number, readonly (number | null)[]>();
  for (const { path, shape } of program.layers) {
    const value = program.values.get(path);
    if (value !== undefined) shapes.set(value, shape);
  }
  const input = inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  // a free size is taken to be so many times the input's own
  const sizeAt = (value: number) => {
    const shape = shapes.get(value) ?? [];
    return shape.includes(null) ? input * open : sizeOf(shape as number[]);
  };
  let kept = input;
  for (const value of plan.keep) kept += sizeAt(value);
  let widest = 0;
  for (const { inputs: from, outputs } of plan.steps) {
    const all = [...from, ...outputs].reduce((sum, value) => sum + sizeAt(value), 0);
    widest = Math.max(widest, all);
  }
  return { kept, widest };
}
