import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { createPicture } from '../../src/images/picture.js';
import { RESAMPLING_FILTERS, resize, type ResamplingFilter } from '../../src/images/resample.js';
import { pillow } from '../helpers/fixtures.js';
import { noisePicture, sha256 } from '../helpers/noise.js';

for (const filter of RESAMPLING_FILTERS) {
  for (const mode of ['L', 'RGB', 'RGBA'] as const) {
    test(`resize: ${filter} of ${mode} equals Pillow to the byte, up, down, not square, from 1×1`, (t) => {
      const cases = pillow().resized.filter((c) => c.filter === filter && c.mode === mode);
      t.is(cases.length, 17);
      for (const { from, to, sha256: expected, raw } of cases) {
        const picture = noisePicture(mode, from[0], from[1], from[0] * 31 + to[1]);
        const before = sha256(picture.data);
        const got = resize(picture, { width: to[0], height: to[1], filter });
        t.deepEqual([got.width, got.height, got.mode], [to[0], to[1], mode]);
        if (raw !== undefined)
          t.deepEqual([...got.data], raw, `${from.join('×')} to ${to.join('×')}`);
        t.is(sha256(got.data), expected, `${from.join('×')} to ${to.join('×')}`);
        t.is(sha256(picture.data), before, 'the input was written to');
      }
    });
  }
}

test('resize: box halving is the rounded mean of two, worked by hand', (t) => {
  const picture = createPicture(4, 2, 'L', [0, 10, 20, 31, 100, 100, 7, 8]);
  const got = resize(picture, { width: 2, height: 2, filter: 'box' });
  t.deepEqual([...got.data], [5, 26, 100, 8]);
});

test('resize: the colour of a transparent pixel does not bleed, except with nearest', (t) => {
  const picture = createPicture(2, 1, 'RGBA', [255, 0, 0, 0, 0, 0, 255, 255]);
  const smooth = resize(picture, { width: 1, height: 1, filter: 'box' });
  t.deepEqual([...smooth.data], [0, 0, 255, 128]);
});

test('resize: the default filter is bicubic, and the same size gives a copy', (t) => {
  const picture = noisePicture('RGB', 9, 4, 1);
  const size = { width: 17, height: 6 };
  t.deepEqual(resize(picture, size), resize(picture, { ...size, filter: 'bicubic' }));
  t.notDeepEqual(resize(picture, size), resize(picture, { ...size, filter: 'bilinear' }));
  const same = resize(picture, { width: 9, height: 4 });
  t.deepEqual(same, picture);
  t.not(same.data, picture.data);
});

test('resize: bad sizes and filters are typed errors', (t) => {
  const picture = noisePicture('L', 3, 3, 1);
  const filter = t.throws(() =>
    resize(picture, { width: 2, height: 2, filter: 'lanczoss' as ResamplingFilter }),
  );
  t.true(isWhylensError(filter, 'UNKNOWN_FILTER'));
  for (const name of RESAMPLING_FILTERS) t.regex(filter.message, new RegExp(name));
  t.regex(filter.message, /did you mean 'lanczos'/);
  for (const [width, height] of [
    [0, 1],
    [1.5, 2],
    [NaN, 2],
    [-3, 2],
  ]) {
    const error = t.throws(() => resize(picture, { width, height }));
    t.true(isWhylensError(error, 'INVALID_PICTURE'), `${width}×${height}`);
  }
  t.true(
    isWhylensError(
      t.throws(() => resize(picture, { width: 20000, height: 20000 })),
      'PICTURE_TOO_LARGE',
    ),
  );
});
