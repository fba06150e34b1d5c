/** The shared ONNX files with their float64 references, brought to the graph's channels-last order. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sizeOf } from '../../src/maths/ndarray.js';
import type { OnnxModel } from '../../src/model/files/onnx.js';
import { decodeOnnx } from '../../src/model/files/onnx-decode.js';
import { externalFiles } from '../../src/model/files/onnx-external.js';

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
interface Stored {
  readonly dtype: 'float32' | 'float64';
  readonly shape: number[];
  readonly base64: string;
}
/** A gradient at a tensor inside, by the tensor's names in the file. */
export interface Inner {
  readonly names: readonly string[];
  readonly gradient: Numbers;
}
export interface Golden {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly model: OnnxModel;
  /** In the file's own order, with its batch axis. */
  readonly input: Numbers;
  readonly logits: Numbers;
  readonly output?: Numbers;
  readonly target: number;
  readonly inputGradient: Numbers;
  readonly inner: readonly Inner[];
}

function numbersOf({ dtype, shape, base64 }: Stored): Numbers {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  const data =
    dtype === 'float64' ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
  return { shape, data: Float64Array.from(data) };
}

/** Axes in another order. */
export function permuted({ shape, data }: Numbers, order: readonly number[]): Numbers {
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  const sizes = order.map((axis) => shape[axis]);
  const result = new Float64Array(data.length);
  for (let at = 0; at < result.length; at++) {
    let [rest, from] = [at, 0];
    for (let i = order.length - 1; i >= 0; i--) {
      from += (rest % sizes[i]) * strides[order[i]];
      rest = Math.floor(rest / sizes[i]);
    }
    result[at] = data[from];
  }
  return { shape: sizes, data: result };
}

/** `[1, C, H, W]` as `[1, H, W, C]`, where the graph's own shape asks for it. */
export function likeGraph(x: Numbers, shape: readonly number[]): Numbers {
  const turned = permuted(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
  return String(turned.shape.slice(1)) === String(shape) ? turned : x;
}

/** Largest difference, as a share of the largest expected value. */
export function farthest(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [apart, top] = [0, 0];
  if (got.length !== expected.length) return Infinity;
  for (let i = 0; i < expected.length; i++) {
    const one = Math.abs(got[i] - expected[i]);
    if (!(one <= apart)) apart = one;
    top = Math.max(top, Math.abs(expected[i]));
  }
  return apart / top;
}

/** File and reference of each network in a folder of `golden/onnx`. */
export function goldenNames(root: string, folder: string): { file: string; json: string }[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.onnx') && !name.startsWith('lr'))
    .map((name) => ({
      file: join(root, folder, name),
      json:
        folder === 'torch' || folder === 'variants'
          ? join(root, 'torch', `${name.split('.')[0]}.json`)
          : join(root, folder, name.replace('.onnx', '.json')),
    }));
}

export function readGolden({ file, json }: { file: string; json: string }): Golden {
  const told = JSON.parse(readFileSync(json, 'utf8')) as Record<string, unknown>;
  const bytes = new Uint8Array(readFileSync(file));
  const model = decodeOnnx(bytes, file);
  const files = new Map(
    externalFiles(model).map((name) => [
      name,
      new Uint8Array(readFileSync(join(dirname(file), name))),
    ]),
  );
  const exporter = file.split('.').at(-2)!;
  const exported = (told.exports as Record<string, Record<string, string[][]>> | undefined)?.[
    exporter
  ];
  type Place = { gradient: Stored; tensor?: string };
  const inner = (['inner', 'early'] as const).flatMap((place) => {
    const one = told[place] as Place | undefined;
    if (one === undefined || (told.exports !== undefined && exported === undefined)) return [];
    const names = exported?.[place].map(([name]) => name) ?? [one.tensor!];
    return [{ names, gradient: numbersOf(one.gradient) }];
  });
  return {
    file,
    bytes,
    files,
    model,
    input: numbersOf(told.input as Stored),
    logits: numbersOf(told.logits as Stored),
    ...(told.output === undefined ? {} : { output: numbersOf(told.output as Stored) }),
    target: told.target as number,
    inputGradient: numbersOf(told.inputGradient as Stored),
    inner,
  };
}
