import test from 'ava';
import { channelOf, maskOf, softmax, variedChannels } from '../../src/maths/masks.js';
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
