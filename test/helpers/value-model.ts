/** A small network as a graph: a normalisation, a skip connection, a pool, a gate, two outputs. */
import * as b from '../../src/model/graph/build.js';
import * as c from '../../src/model/graph/composites.js';
import type { GraphLayer, ModelGraph } from '../../src/model/graph/model-graph.js';
import type { Value } from '../../src/model/graph/value.js';
import { drawn } from './values.js';

export const SHAPE = [12, 10, 3];

export function valueModel(seed = 3, dead = false): ModelGraph {
  const w = (shape: readonly number[], more: number, shift = 0): Value => {
    const fan = shape.length > 1 ? b.sizeOf(shape) / shape[shape.length - 1] : 4;
    const numbers = drawn(shape, 100 * seed + more);
    return b.tensor(
      shape,
      numbers.attrs.weight.data.map((x) => shift + (x * 1.5) / Math.sqrt(fan)),
    );
  };
  const layers = new Map<string, GraphLayer>();
  const layer = (path: string, kind: string, value: Value, inputs: string[] = []): Value => {
    layers.set(path, { path, kind, value, parameters: 0, inputs });
    return value;
  };
  const same = { low: [1, 1], high: [1, 1] };
  const picture = b.input('picture', SHAPE);
  let x: Value = layer('picture', 'Input', picture);
  x = layer('conv', 'Conv', c.convolution(x, w([3, 3, 3, 5], 1), undefined, same), ['picture']);
  x = layer(
    'norm',
    'BatchNormalization',
    c.batchNorm(x, w([5], 2), w([5], 3), w([5], 4), w([5], 5, 2), 1e-3),
    ['conv'],
  );
  const seen = (x = layer('seen', 'Clip', b.relu(x, 6), ['norm']));
  x = layer('mixed', 'Conv', c.convolution(x, w([1, 1, 5, 5], 6), w([5], 7)), ['seen']);
  x = layer('sum', 'Add', b.add(c.hardSwish(x), seen), ['mixed', 'seen']);
  x = layer(
    'pooled',
    'MaxPool',
    c.maxPooling(x, [3, 3], { strides: [2, 2], low: [1, 1], high: [1, 1] }),
    ['sum'],
  );
  const bias = dead ? b.tensor([6], new Float64Array(6).fill(-100)) : w([6], 9);
  const kernel = dead ? b.tensor([3, 3, 5, 6], new Float64Array(270)) : w([3, 3, 5, 6], 8);
  x = layer('deep', 'Conv', b.relu(c.convolution(x, kernel, bias, same)), ['pooled']);
  const mean = layer('mean', 'GlobalAveragePool', c.globalAveragePool(x), ['deep']);
  const logits = layer('scores', 'Gemm', c.dense(mean, w([6, 4], 10), w([4], 11)), ['mean']);
  const other = layer('other', 'Gemm', c.dense(mean, w([6, 2], 12)), ['mean']);
  return {
    name: 'small',
    format: 'values',
    inputs: [{ name: 'picture', value: picture }],
    outputs: [
      { name: 'scores', value: b.softmax(logits), logits, activation: 'softmax' },
      { name: 'other', value: other, logits: other, activation: 'linear' },
    ],
    layers,
  };
}
