import test from 'ava';
import { resizeMap } from '../../src/maths/resize.js';

test('half-pixel centres: 2 values on 4 places, worked by hand', (t) => {
  // centres at -0.25 (clamped to 0), 0.25, 0.75, 1.25 (clamped to 1)
  const result = resizeMap({ shape: [2], data: Float32Array.of(0, 8) }, [4]);
  t.deepEqual(result, { shape: [4], data: Float32Array.of(0, 2, 6, 8) });
});

test('two axes, H≠W, up and down, worked by hand', (t) => {
  const map = { shape: [2, 3], data: Float32Array.of(0, 6, 12, 100, 106, 112) };
  // rows: 1 place at centre 0.5; columns: 6 places at -0.25, .25, .75, 1.25, 1.75, 2.25
  t.deepEqual(resizeMap(map, [1, 6]), {
    shape: [1, 6],
    data: Float32Array.of(50, 51.5, 54.5, 57.5, 60.5, 62),
  });
});

test('three axes: equals the product of three one-dimensional weights', (t) => {
  const shape = [2, 3, 4];
  const size = [5, 2, 7];
  const data = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) - 4);
  const result = resizeMap({ shape, data }, size);
  t.deepEqual(result.shape, size);
  const weight = (axis: number, to: number, from: number) => {
    const at = ((to + 0.5) * shape[axis]) / size[axis] - 0.5;
    const clamped = Math.min(Math.max(at, 0), shape[axis] - 1);
    return Math.max(0, 1 - Math.abs(clamped - from));
  };
  let at = 0;
  for (let z = 0; z < 5; z++)
    for (let y = 0; y < 2; y++)
      for (let x = 0; x < 7; x++, at++) {
        let sum = 0;
        data.forEach((value, i) => {
          const [a, b, c] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
          sum += value * weight(0, z, a) * weight(1, y, b) * weight(2, x, c);
        });
        t.true(Math.abs(result.data[at] - sum) < 1e-5, `at [${z}, ${y}, ${x}]`);
      }
});

test('the same size gives a copy, another rank is refused', (t) => {
  const map = { shape: [1, 2], data: Float32Array.of(1, 2) };
  const copy = resizeMap(map, [1, 2]);
  t.deepEqual(copy, map);
  t.not(copy.data, map.data);
  t.throws(() => resizeMap(map, [2]), {
    instanceOf: RangeError,
    message: /one size for each axis/,
  });
});
