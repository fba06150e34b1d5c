import test from 'ava';
import { inferTokenGrid, tokensToGrid } from '../../src/maths/tokens.js';

test('grids of known transformers are inferred', (t) => {
  const cases = [
    // ViT-B/16, ViT-B/32, distilled DeiT, DINOv2 with registers, Swin without class token
    [197, [224, 224], { skip: 1, grid: [14, 14] }],
    [50, [224, 224], { skip: 1, grid: [7, 7] }],
    [198, [224, 224], { skip: 2, grid: [14, 14] }],
    [261, [224, 224], { skip: 5, grid: [16, 16] }],
    [49, [224, 224], { skip: 0, grid: [7, 7] }],
    // a wide picture, and a volume
    [1 + 4 * 7, [64, 112], { skip: 1, grid: [4, 7] }],
    [2 * 3 * 4, [32, 48, 64], { skip: 0, grid: [2, 3, 4] }],
  ] as const;
  for (const [count, space, expected] of cases) {
    t.deepEqual(inferTokenGrid(count, space), { ...expected, grid: [...expected.grid] });
  }
});

test('what is known is kept, and what cannot be is undefined', (t) => {
  t.deepEqual(inferTokenGrid(13, [8, 8], { grid: [3, 4] }), { skip: 1, grid: [3, 4] });
  t.deepEqual(inferTokenGrid(20, [8, 8], { skip: 4 }), { skip: 4, grid: [4, 4] });
  t.is(inferTokenGrid(20, [8, 8], { skip: 5 }), undefined);
  t.is(inferTokenGrid(11, [8, 8], { grid: [3, 4] }), undefined);
  t.is(inferTokenGrid(14, [8, 8], { skip: 1, grid: [3, 4] }), undefined);
  t.is(inferTokenGrid(1000, [8, 8]), undefined);
});

test('tokens become rows and columns without those that are skipped', (t) => {
  const data = Float32Array.from({ length: 14 }, (_, i) => i);
  const grid = tokensToGrid({ shape: [7, 2], data }, { skip: 1, grid: [2, 3] });
  t.deepEqual(grid, { shape: [2, 3, 2], data: data.slice(2) });
});
