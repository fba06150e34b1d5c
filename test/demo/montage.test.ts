import test from 'ava';
import { montage } from '../../demo/montage.js';
import type { Picture } from '../../src/explanation.js';

test('pictures lie in rows with white between them', (t) => {
  const plain = (value: number): Picture => ({
    width: 3,
    height: 2,
    mode: 'RGB',
    data: new Uint8ClampedArray(18).fill(value),
  });
  const withAlpha: Picture = {
    ...plain(0),
    mode: 'RGBA',
    data: Uint8ClampedArray.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : 2)),
  };
  const { width, height, data } = montage([[plain(1), withAlpha], [plain(3)]]);
  t.deepEqual([width, height], [14, 12]);
  const at = (x: number, y: number): number => data[(y * width + x) * 3];
  t.deepEqual([at(0, 0), at(2, 1), at(3, 0), at(10, 0), at(11, 1)], [1, 1, 255, 255, 2]);
  t.deepEqual([at(0, 2), at(0, 9), at(2, 11), at(11, 11)], [255, 255, 3, 255]);
});
