import test from 'ava';
import type { NdArray } from '../../../src/explanation.js';
import { imputeRemoved } from '../../../src/maths/metrics/road.js';
import { seededRandom } from '../../../src/maths/random.js';
import { closeTo } from '../../helpers/close.js';

test('a removed pixel becomes the weighted mean of its neighbours', (t) => {
  // 0 ? 6 over 12 3 0: (0 + 6 + 3) / 6 + (12 + 0) / 12 over 3 / 6 + 2 / 12
  const sample = { shape: [2, 3, 1], data: Float32Array.of(0, 99, 6, 12, 3, 0) };
  const { data } = imputeRemoved(sample, Uint8Array.of(0, 1, 0, 0, 0, 0));
  t.deepEqual([...data], [0, 3.75, 6, 12, 3, 0]);
});

test('removed neighbours are unknowns of one system', (t) => {
  const sample = { shape: [1, 4, 2], data: Float32Array.of(0, 6, 9, 9, 9, 9, 6, 0) };
  const { shape, data } = imputeRemoved(sample, Uint8Array.of(0, 1, 1, 0));
  closeTo(t, { shape, data }, { shape: [1, 4, 2], data: [0, 6, 2, 4, 4, 2, 6, 0] }, 1e-5);
});

test('a dense solver gives the same', (t) => {
  const random = seededRandom(2);
  const [height, width, channels] = [6, 9, 2];
  const sample = {
    shape: [height, width, channels],
    data: Float32Array.from({ length: height * width * channels }, () => random.normal()),
  };
  const removed = Uint8Array.from({ length: height * width }, () =>
    random.uniform() < 0.8 ? 1 : 0,
  );
  closeTo(t, imputeRemoved(sample, removed), dense(sample, removed), 1e-4);
});

test('nothing removed changes nothing, all removed leaves the mean colour', (t) => {
  const sample = { shape: [2, 2, 2], data: Float32Array.of(1, 10, 2, 20, 3, 30, 6, 40) };
  t.deepEqual(imputeRemoved(sample, new Uint8Array(4)), sample);
  const { data } = imputeRemoved(sample, new Uint8Array(4).fill(1));
  t.deepEqual([...data], [3, 25, 3, 25, 3, 25, 3, 25]);
});

test('noise comes on imputed pixels alone, of the size asked for, the same for one seed', (t) => {
  const sample = { shape: [40, 50, 1], data: new Float32Array(2000) };
  const removed = Uint8Array.from({ length: 2000 }, (_, p) => (p % 2 === 0 ? 1 : 0));
  const { data } = imputeRemoved(sample, removed, { noise: 0.1, seed: 4 });
  t.true(data.every((value, p) => (removed[p] === 1) === (value !== 0)));
  const variance = data.reduce((sum, v) => sum + v * v, 0) / 1000;
  t.true(Math.abs(Math.sqrt(variance) - 0.1) < 0.01, String(variance));
  t.deepEqual(imputeRemoved(sample, removed, { noise: 0.1, seed: 4 }).data, data);
  t.notDeepEqual(imputeRemoved(sample, removed, { noise: 0.1, seed: 5 }).data, data);
});

/** Every pixel of the picture an unknown of Gauss–Jordan elimination: kept ones equal themselves. */
function dense({ shape, data }: NdArray, removed: Uint8Array): NdArray {
  const [height, width, channels] = shape;
  const size = height * width;
  const result = data.slice();
  for (let c = 0; c < channels; c++) {
    const rows = Array.from({ length: size }, (_, p) => {
      const row = new Float64Array(size + 1);
      if (removed[p] === 0) {
        row[p] = 1;
        row[size] = data[p * channels + c];
        return row;
      }
      const [y, x] = [Math.floor(p / width), p % width];
      for (const dy of [-1, 0, 1])
        for (const dx of [-1, 0, 1]) {
          if (dy === 0 && dx === 0) continue;
          if (y + dy < 0 || y + dy >= height || x + dx < 0 || x + dx >= width) continue;
          const weight = dy === 0 || dx === 0 ? 1 / 6 : 1 / 12;
          row[p] += weight;
          row[(y + dy) * width + x + dx] -= weight;
        }
      return row;
    });
    for (let i = 0; i < size; i++) {
      const pivot = rows.findIndex((row, j) => j >= i && Math.abs(row[i]) > 1e-12);
      [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
      const scale = rows[i][i];
      for (let k = i; k <= size; k++) rows[i][k] /= scale;
      rows.forEach((row, j) => {
        const factor = row[i];
        if (j === i || factor === 0) return;
        for (let k = i; k <= size; k++) row[k] -= factor * rows[i][k];
      });
    }
    for (let p = 0; p < size; p++) result[p * channels + c] = rows[p][size];
  }
  return { shape, data: result };
}
