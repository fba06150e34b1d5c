import test from 'ava';
import { eigenCam } from '../../explainers/eigen-cam.js';
import { kpcaCam } from '../../explainers/kpca-cam.js';
import { isWhylensError } from '../../src/errors.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import { kpcaCamMap } from '../../src/maths/kpca.js';
import { closeTo, mapOf, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, globalAverage } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';
import { jacobiEigen } from '../helpers/jacobi.js';
import { layerValues } from '../helpers/layer-values.js';
import { signed } from '../helpers/slow-components.js';

/** Kernel PCA with all matrices written out: K − 1K − K1 + 1K1, 1 the matrix of 1/n. */
function slow({ shape, data }: NdArray, kernel: (x: number[], y: number[]) => number): Heatmap {
  const k = shape[shape.length - 1];
  const n = data.length / k;
  const rows = Array.from({ length: n }, (_, p) => Array.from(data.slice(p * k, (p + 1) * k)));
  const mean = rows[0].map((_, c) => rows.reduce((sum, row) => sum + row[c], 0) / n);
  const x = rows.map((row) => row.map((value, c) => value - mean[c]));
  const K = x.map((a) => x.map((b) => kernel(a, b)));
  const one = x.map(() => x.map(() => 1 / n));
  const times = (a: number[][], b: number[][]) =>
    a.map((row) => b[0].map((_, j) => row.reduce((sum, value, i) => sum + value * b[i][j], 0)));
  const left = times(one, K);
  const right = times(K, one);
  const both = times(left, one);
  const centred = K.map((row, i) =>
    Float64Array.from(row, (value, j) => value - left[i][j] - right[i][j] + both[i][j]),
  );
  const { values, vectors } = jacobiEigen(centred);
  const top = values.indexOf(Math.max(...values));
  const map = Float32Array.from(vectors, (row) => row[top] * Math.sqrt(values[top]));
  return signed({ shape: shape.slice(0, -1), data: map }, rows);
}

const dot = (x: number[], y: number[]) => x.reduce((sum, value, c) => sum + value * y[c], 0);
const apart = (x: number[], y: number[]) =>
  x.reduce((sum, value, c) => sum + (value - y[c]) ** 2, 0);

test('two places, worked by hand', (t) => {
  // centred K of two points with k = exp(−‖x−y‖²/2): ±(1 − k)/2, eigenvalue 1 − k, projections ±√((1 − k)/2)
  const A = { shape: [1, 2, 2], data: Float32Array.of(1, 0, 2, 1) };
  const half = Math.sqrt((1 - Math.exp(-1)) / 2);
  closeTo(t, kpcaCamMap(A), mapOf([[-half, half]]));
});

test('equals kernel PCA written out, for each kernel and gamma', (t) => {
  const A = { shape: [3, 4, 5], data: Float32Array.from(weights(60, 8), (v) => v + 0.2) };
  closeTo(
    t,
    kpcaCamMap(A),
    slow(A, (x, y) => Math.exp(-apart(x, y) / 5)),
    1e-4,
  );
  closeTo(
    t,
    kpcaCamMap(A, { gamma: 2 }),
    slow(A, (x, y) => Math.exp(-2 * apart(x, y))),
    1e-4,
  );
  const sigmoid = kpcaCamMap(A, { kernel: 'sigmoid' });
  closeTo(
    t,
    sigmoid,
    slow(A, (x, y) => Math.tanh(dot(x, y) / 5 + 1)),
    1e-4,
  );
});

test('the options reach the map, and the linear kernel is eigen-cam', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const { A } = await layerValues(model, inputs, 'relu2', []);
  const of = async (options: Record<string, unknown>) =>
    (await mapsOf(kpcaCam, model, inputs, { options })).maps[0][0];
  const plain = await of({});
  closeTo(t, plain, kpcaCamMap(A));
  for (const options of [{ kernel: 'sigmoid' }, { gamma: 3 }]) {
    t.true(relativeError((await of(options)).data, plain.data).error > 0.01);
  }
  const [[eigen]] = (await mapsOf(eigenCam, model, inputs)).maps;
  closeTo(t, await of({ kernel: 'linear' }), eigen, 1e-4);
});

test('a layer with too many places is refused before its kernel is made', async (t) => {
  const model = fakeModel({
    inputShape: [65, 64, 1],
    layers: [
      conv('conv', [1, 1, 1, 1], [1], [0]),
      globalAverage('pool'),
      dense('logits', [1, 2], [1, 2], [0, 0]),
    ],
  });
  const error = await t.throwsAsync(mapsOf(kpcaCam, model, fakeInputs([65, 64, 1])));
  t.true(isWhylensError(error, 'UNSUITABLE_LAYER'));
  t.regex(error.message, /4160.*65×64.*eigen-cam/);
});
