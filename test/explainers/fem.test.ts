import test from 'ava';
import { fem } from '../../explainers/fem.js';
import type { NdArray } from '../../src/explanation.js';
import { femMap } from '../../src/maths/fem.js';
import { closeTo, mapOf, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';
import { layerValues, mapBy, nested, sumOver } from '../helpers/layer-values.js';

test('eight places and two channels, worked by hand', (t) => {
  // channel 0: mean 1, σ = √7, threshold 6.29: only the 8. Channel 1 is 0.1 everywhere: all of it
  const values = [0, 0, 0, 8, 0, 0, 0, 0].flatMap((value) => [value, 0.1]);
  const A = { shape: [2, 4, 2], data: Float32Array.from(values) };
  closeTo(
    t,
    femMap(A),
    mapOf([
      [0.1, 0.1, 0.1, 1.1],
      [0.1, 0.1, 0.1, 0.1],
    ]),
  );
});

function transcription(activations: NdArray, deviations: number) {
  const [h, w, channels] = activations.shape;
  const A = nested(activations);
  const mean = (k: number) => sumOver(h, w, (y, x) => A[y][x][k]) / (h * w);
  const sigma = (k: number) =>
    Math.sqrt(sumOver(h, w, (y, x) => (A[y][x][k] - mean(k)) ** 2) / (h * w));
  return mapBy(h, w, (y, x) => {
    let sum = 0;
    for (let k = 0; k < channels; k++) {
      if (A[y][x][k] >= mean(k) + deviations * sigma(k)) sum += mean(k);
    }
    return sum;
  });
}

test('equals the formula, and deviations moves the threshold', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const { A } = await layerValues(model, inputs, 'relu1', []);
  const [[map]] = (await mapsOf(fem, model, inputs, { layer: 'relu1' })).maps;
  closeTo(t, map, transcription(A, 2));
  const options = { layer: 'relu1', options: { deviations: 1 } };
  const [[lower]] = (await mapsOf(fem, model, inputs, options)).maps;
  closeTo(t, lower, transcription(A, 1));
  t.true(relativeError(lower.data, map.data).error > 0.1);
});
