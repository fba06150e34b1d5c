import test from 'ava';
import { firstNotFinite, reordered } from '../../src/maths/ndarray.js';

test('axes in another order are those of a slow transcription, sample by sample', (t) => {
  const own = [2, 3, 4];
  const data = Float32Array.from({ length: 2 * 24 }, (_, i) => i);
  const orders = [
    [1, 2, 0],
    [2, 0, 1],
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
  ];
  for (const order of orders) {
    const sizes = order.map((axis) => own[axis]);
    const slow: number[] = [];
    for (let n = 0; n < 2; n++) {
      for (let i = 0; i < sizes[0]; i++) {
        for (let j = 0; j < sizes[1]; j++) {
          for (let k = 0; k < sizes[2]; k++) {
            const at = [0, 0, 0];
            [i, j, k].forEach((index, place) => (at[order[place]] = index));
            slow.push(data[((n * 2 + at[0]) * 3 + at[1]) * 4 + at[2]]);
          }
        }
      }
    }
    const { shape, data: found } = reordered({ shape: [2, ...own], data }, order);
    t.deepEqual([shape, [...found]], [[2, ...sizes], slow], order.join());
  }
});

test('the first value that is not finite is found wherever it is', (t) => {
  t.is(firstNotFinite(Float32Array.from([0, -0, 1e38, -1e38, 1e-45])), -1);
  t.is(firstNotFinite(new Float32Array(0)), -1);
  for (let length = 1; length < 10; length++) {
    for (let at = 0; at < length; at++) {
      for (const bad of [NaN, Infinity, -Infinity]) {
        const data = new Float32Array(length).fill(3);
        data[at] = bad;
        data[length - 1] = at === length - 1 ? bad : Infinity;
        t.is(firstNotFinite(data), at);
      }
    }
  }
});
