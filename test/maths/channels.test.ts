import test from 'ava';
import { reduceChannels, scalePositions, splitShape } from '../../src/maths/channels.js';

const values = { shape: [1, 2, 3], data: Float32Array.of(1, -4, 2, -5, 1, 0) };

test('channels are summed with their sign, or reduced by magnitude', (t) => {
  t.deepEqual(reduceChannels(values, 'sum'), { shape: [1, 2], data: Float32Array.of(-1, -4) });
  t.deepEqual([...reduceChannels(values, 'max').data], [4, 5]);
  t.deepEqual([...reduceChannels(values, 'mean').data], [Math.fround(7 / 3), 2]);
});

test('a shape of one axis has one channel', (t) => {
  t.deepEqual(splitShape([5]), { space: [5], channels: 1 });
  t.deepEqual(splitShape([5, 2]), { space: [5], channels: 2 });
  t.deepEqual(splitShape([2, 3, 4, 5]), { space: [2, 3, 4], channels: 5 });
});

test('a map scales every channel of its position', (t) => {
  const map = { shape: [1, 2], data: Float32Array.of(2, -1) };
  t.deepEqual([...scalePositions(values, map).data], [2, -8, 4, 5, -1, -0]);
});
