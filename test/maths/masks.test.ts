import { seededRandom } from '../helpers/lcg.js';
import test from 'ava';
import { channelOf, maskOf, softmax, variedChannels, writeMasked } from '../../src/maths/masks.js';
import { closeTo } from '../helpers/close.js';

const A = {
  shape: [1, 3, 4],
  data: Float32Array.of(0, 5, 1, -2, 0, 5, 2, 2, 3, 5, 1, 9),
};

test('one channel of several', (t) => {
  t.deepEqual(channelOf(A, 3), { shape: [1, 3], data: Float32Array.of(-2, 2, 9) });
});

test('constant channels are left out, the liveliest are taken', (t) => {
  t.deepEqual(variedChannels(A), [0, 2, 3]);
  t.deepEqual(variedChannels(A, 2), [0, 3]);
  t.deepEqual(variedChannels(A, 1), [3]);
});

test('a mask is enlarged, then stretched to [0, 1]', (t) => {
  const mask = maskOf({ shape: [1, 2], data: Float32Array.of(-4, 4) }, [2, 4]);
  closeTo(t, mask, { shape: [2, 4], data: [0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1] });
  const flat = maskOf({ shape: [1, 2], data: Float32Array.of(3, 3) }, [1, 2]);
  t.deepEqual(Array.from(flat.data), [0, 0]);
});

test('softmax does not overflow', (t) => {
  const values = softmax([1000, 1000 + Math.log(3), 0]);
  t.true(Math.abs(values[0] - 0.25) < 1e-12 && Math.abs(values[1] - 0.75) < 1e-12);
  t.is(softmax([]).length, 0);
});

test('writing under a mask is multiplying by it, in every rank and depth', (t) => {
  const random = seededRandom(8);
  const draw = (length: number) => Float32Array.from({ length }, () => random() * 4 - 2);
  for (const [from, size, depth] of [
    [[3, 5], [10, 7], 3],
    [[7, 2], [4, 9], 1],
    [[4, 1], [4, 6], 4],
    [[1, 3], [5, 2], 3],
    [[5], [8], 2],
    [[2, 3, 2], [4, 3, 5], 3],
  ] as const) {
    const map = { shape: [...from], data: draw(from.reduce((a: number, b) => a * b, 1)) };
    const positions = size.reduce((a: number, b) => a * b, 1);
    const values = draw(positions * depth);
    const into = new Float32Array(values.length);
    writeMasked(map, size, values, into);
    const mask = maskOf(map, size).data;
    into.forEach((value, i) => {
      const expected = values[i] * mask[Math.floor(i / depth)];
      t.true(Math.abs(value - expected) < 1e-6, `${from.join()} ${i}: ${value} for ${expected}`);
    });
  }
  const flat = new Float32Array(6).fill(9);
  writeMasked(
    { shape: [1, 2], data: Float32Array.of(4, 4) },
    [2, 3],
    flat.map(() => 5),
    flat,
  );
  t.deepEqual([...flat], [0, 0, 0, 0, 0, 0]);
});
