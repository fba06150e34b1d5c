/** Checks that weights are finite numbers. Nothing of TensorFlow.js is loaded for it. */
import type { io } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';

/** Numbers that no training writes on purpose: a model with them tells nothing about its input. */
export function requireFinite(
  specs: readonly io.WeightsManifestEntry[],
  data: ArrayBuffer,
  { file, isGraph }: { readonly file: string; readonly isGraph: boolean },
): void {
  let at = 0;
  for (const { name, shape, dtype, quantization } of specs) {
    // texts say nothing of their length; what follows them cannot be found from here
    if (dtype === 'string') return;
    const size = sizeOf(shape);
    const stored = quantization?.dtype ?? dtype;
    const scale = quantization as { scale?: number; min?: number } | undefined;
    const wrong =
      stored === 'float32'
        ? notFinite(new Float32Array(data.slice(at, at + 4 * size)))
        : stored === 'float16'
          ? halfNotFinite(new Uint16Array(data.slice(at, at + 2 * size)))
          : [scale?.scale ?? 1, scale?.min ?? 0].find((value) => !Number.isFinite(value));
    // a graph may compare with infinity, or begin a maximum there
    const isBound = isGraph && size === 1 && wrong !== undefined && !Number.isNaN(wrong);
    if (wrong !== undefined && !isBound) {
      throw new WhylensError(
        'MODEL_LOAD',
        `weight '${name}' in ${file} holds ${String(wrong)}: the training went astray or the file is damaged. Every explanation of this model would be wrong; save it again`,
        { facts: { file, weight: name } },
      );
    }
    at += size * BYTES[stored];
  }
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
  complex64: 8,
};

function notFinite(values: Float32Array): number | undefined {
  // a sum is not finite if one of its parts is not, and is quickly made
  let sum = 0;
  for (const value of values) sum += value * 0;
  return sum === 0 ? undefined : values.find((value) => !Number.isFinite(value));
}

function halfNotFinite(values: Uint16Array): number | undefined {
  const found = values.find((bits) => (bits & 0x7c00) === 0x7c00);
  if (found === undefined) return undefined;
  return (found & 0x3ff) !== 0 ? NaN : found >> 15 === 0 ? Infinity : -Infinity;
}
