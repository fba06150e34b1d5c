/** Pictures fitted and brought to a range, step by step. */
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { imageToArray } from '../../src/images/array.js';
import { createPicture } from '../../src/images/picture.js';
import { preprocessInput, preprocessRange, undoPreprocess } from '../../src/images/preprocess.js';
import { describeSteps, fitPicture, isSteps, partSeen } from '../../src/images/steps.js';

/** 6×4, each pixel its own number: row · 10 + column. */
const numbered = createPicture(
  6,
  4,
  'L',
  Array.from({ length: 24 }, (_, i) => 10 * Math.floor(i / 6) + (i % 6)),
);

test('the centre is cut out after the shorter side has its length', (t) => {
  const steps = { resize: { shortest: 4 }, crop: { width: 3, height: 2 } };
  const fitted = fitPicture(numbered, steps, { width: 3, height: 2 }, 'bilinear');
  // (6 − 3) / 2 rounded down is column 1, (4 − 2) / 2 row 1
  t.deepEqual([...fitted.data], [11, 12, 13, 21, 22, 23]);
  t.deepEqual(partSeen(numbered, steps), fitted);
});

test('the part seen keeps the resolution of the picture', (t) => {
  const steps = { resize: { shortest: 2 }, crop: { width: 1, height: 2 } };
  const seen = partSeen(numbered, steps);
  // 6×4 becomes 3×2, of which one of three columns is a third of the width
  t.deepEqual([seen.width, seen.height], [2, 4]);
  t.deepEqual([...seen.data].slice(0, 2), [2, 3]);
  t.is(partSeen(numbered, { resize: { width: 5, height: 5 } }), numbered);
});

test('a longer side is rounded down, a small picture gets a black border', (t) => {
  const wide = createPicture(5, 3, 'L');
  const error = t.throws(() =>
    fitPicture(wide, { resize: { shortest: 2 } }, { width: 4, height: 2 }, 'nearest'),
  );
  // 2 · 5 / 3 = 3.33
  t.regex(error?.message ?? '', /3×2.*4×2/);
  t.true(isWhylensError(error, 'INVALID_OPTION'));
  const bright = createPicture(1, 1, 'RGB', [9, 8, 7]);
  const padded = fitPicture(
    bright,
    { resize: { width: 1, height: 1 }, crop: { width: 3, height: 2 } },
    { width: 3, height: 2 },
    'nearest',
  );
  // (1 − 3) / 2 = −1 to the left; (1 − 2) / 2 rounds down to −1 above
  t.deepEqual([...padded.data], [...Array<number>(12).fill(0), 9, 8, 7, 0, 0, 0]);
});

test('numbers: over the scale, minus the mean, over the deviation, and back', (t) => {
  const picture = createPicture(1, 1, 'RGB', [10, 20, 40]);
  const steps = { scale: 10, mean: [1, 2, 3], deviation: [2, 4, 0.5] };
  const array = preprocessInput(imageToArray(picture), steps);
  t.deepEqual([...array.data], [0, 0, 2]);
  t.deepEqual([...undoPreprocess(array, steps).data], [10, 20, 40]);
  const { range, channels } = preprocessRange(steps);
  t.deepEqual(channels, [
    [-0.5, 12.25],
    [-0.5, 5.875],
    [-6, 45],
  ]);
  t.deepEqual(range, [-6, 45]);
  const swapped = preprocessInput(imageToArray(picture), { bgr: true });
  t.deepEqual([...swapped.data], [40, 20, 10]);
  const grey = imageToArray(createPicture(1, 1, 'L', [10]));
  t.true(
    isWhylensError(
      t.throws(() => preprocessInput(grey, steps)),
      'INVALID_PICTURE',
    ),
  );
  t.deepEqual([...preprocessInput(grey, { scale: 4, mean: [1] }).data], [1.5]);
});

test('what can be taken as steps', (t) => {
  for (const good of [{}, { scale: 255 }, { resize: { shortest: 3 }, bgr: false }]) {
    t.true(isSteps(good));
  }
  for (const bad of [
    null,
    [],
    'tf',
    { size: 3 },
    { scale: 0 },
    { deviation: [0] },
    { mean: [] },
    { crop: { width: 3 } },
    { resize: {} },
    { filter: 'best' },
  ]) {
    t.false(isSteps(bad), JSON.stringify(bad));
  }
  t.is(
    describeSteps({
      resize: { shortest: 256 },
      crop: { width: 224, height: 224 },
      filter: 'bicubic',
      scale: 255,
      mean: [0.5],
      deviation: [0.25, 0.5, 1],
    }),
    'shorter side 256 (bicubic); centre 224×224; / 255; - 0.5; / 0.25, 0.5, 1',
  );
});
