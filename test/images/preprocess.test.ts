import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import type { NdArray } from '../../src/explanation.js';
import { arrayToImage, imageToArray } from '../../src/images/array.js';
import { createPicture } from '../../src/images/picture.js';
import {
  PREPROCESS_MODES,
  preprocessInput,
  preprocessRange,
  undoPreprocess,
  type PreprocessMode,
} from '../../src/images/preprocess.js';
import { pillow } from '../helpers/fixtures.js';
import { noise, noisePicture, sha256 } from '../helpers/noise.js';

const pixel: NdArray = { shape: [1, 1, 3], data: Float32Array.from([255, 100, 0]) };

test('each mode by hand: red 255, green 100, blue 0', (t) => {
  const expected: Record<PreprocessMode, number[]> = {
    tf: [1, 100 / 127.5 - 1, -1],
    caffe: [0 - 103.939, 100 - 116.779, 255 - 123.68],
    torch: [(1 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, -0.406 / 0.225],
    unit: [1, 100 / 255, 0],
    none: [255, 100, 0],
  };
  for (const mode of PREPROCESS_MODES) {
    const got = preprocessInput(pixel, mode);
    t.deepEqual(got.shape, [1, 1, 3]);
    got.data.forEach((value, c) =>
      t.true(Math.abs(value - expected[mode][c]) < 1e-5, `${mode} ${c}`),
    );
  }
  t.deepEqual([...pixel.data], [255, 100, 0], 'the input was written to');
});

test('undoing gives every sample back exactly, and ranges are where the extremes lie', (t) => {
  const all = {
    shape: [256, 1, 3],
    data: Float32Array.from(
      { length: 768 },
      (_, i) => (Math.floor(i / 3) * (i % 3 === 1 ? 1 : 255)) % 256,
    ),
  };
  for (const mode of PREPROCESS_MODES) {
    const there = preprocessInput(all, mode);
    const back = undoPreprocess(there, mode);
    // + 0: minus zero is zero
    t.deepEqual(
      back.data.map((value) => Math.round(value) + 0),
      all.data,
      mode,
    );
    t.deepEqual(
      arrayToImage(back, { range: [0, 255] }).data,
      Uint8ClampedArray.from(all.data),
      mode,
    );
    const { range } = preprocessRange(mode);
    t.true(Math.abs(Math.min(...there.data) - range[0]) < 1e-4, mode);
    t.true(Math.abs(Math.max(...there.data) - range[1]) < 1e-4, mode);
  }
  t.deepEqual(preprocessRange('tf').range, [-1, 1]);
  t.is(preprocessRange('caffe').channels.length, 3);
});

test('tf, unit and none take any channel count; caffe and torch need three', (t) => {
  const grey = { shape: [2, 1, 1], data: Float32Array.from([0, 255]) };
  t.deepEqual([...preprocessInput(grey, 'tf').data], [-1, 1]);
  for (const mode of ['caffe', 'torch'] as const) {
    t.true(
      isWhylensError(
        t.throws(() => preprocessInput(grey, mode)),
        'INVALID_PICTURE',
      ),
    );
  }
  const unknown = t.throws(() => preprocessInput(grey, 'tff' as 'tf'));
  t.true(isWhylensError(unknown, 'INVALID_OPTION'));
  t.regex(unknown.message, /did you mean 'tf'.*tf, caffe, torch, unit, none/);
});

test("arrayToImage stretches as Keras' array_to_img does, which ELI5 uses", (t) => {
  const data = Float32Array.from(
    noise(144, 9),
    (value) => Math.fround(Math.fround(value) / Math.fround(97)) - Math.fround(1.3),
  );
  const got = arrayToImage({ shape: [6, 8, 3], data });
  t.deepEqual([got.width, got.height, got.mode], [8, 6, 'RGB']);
  t.is(sha256(got.data), pillow().stretched.sha256);
});

test('arrayToImage by hand: truncated stretch, rounded range, clipping, shapes', (t) => {
  const map = { shape: [1, 4], data: Float32Array.from([-1, 0, 1, 2]) };
  t.deepEqual(arrayToImage(map), createPicture(4, 1, 'L', [0, 85, 170, 255]));
  t.deepEqual([...arrayToImage(map, { range: [0, 1] }).data], [0, 0, 255, 255]);
  t.deepEqual([...arrayToImage(map, { range: [-2, 2] }).data], [64, 128, 191, 255]);
  t.deepEqual([...arrayToImage({ shape: [1, 2], data: Float32Array.from([5, 5]) }).data], [0, 0]);
  t.is(arrayToImage({ shape: [1, 2, 1, 4], data: new Float32Array(8) }).mode, 'RGBA');
});

test('imageToArray gives 0 to 255 in the channels asked for', (t) => {
  const picture = noisePicture('RGBA', 3, 2, 1);
  t.deepEqual(imageToArray(picture).shape, [2, 3, 4]);
  t.deepEqual([...imageToArray(picture).data], [...picture.data]);
  t.deepEqual(imageToArray(picture, { channels: 1 }).shape, [2, 3, 1]);
  t.deepEqual(
    imageToArray(createPicture(1, 1, 'L', [9]), { channels: 3 }).data,
    Float32Array.of(9, 9, 9),
  );
  t.true(
    isWhylensError(
      t.throws(() => imageToArray(picture, { channels: 2 })),
      'INVALID_PICTURE',
    ),
  );
});

test('arrays that are not a picture are typed errors', (t) => {
  const arrays: NdArray[] = [
    { shape: [4], data: new Float32Array(4) },
    { shape: [2, 2, 2], data: new Float32Array(8) },
    { shape: [2, 2, 2, 3], data: new Float32Array(24) },
    { shape: [2, 2], data: new Float32Array(3) },
    { shape: [0, 2], data: new Float32Array(0) },
    { shape: [1, 2], data: Float32Array.from([1, NaN]) },
    { shape: [1, 2], data: Float32Array.from([1, Infinity]) },
  ];
  for (const array of arrays) {
    t.true(
      isWhylensError(
        t.throws(() => arrayToImage(array)),
        'INVALID_PICTURE',
      ),
      String(array.shape),
    );
  }
  const map = { shape: [1, 1], data: new Float32Array(1) };
  t.true(
    isWhylensError(
      t.throws(() => arrayToImage(map, { range: [1, 1] })),
      'INVALID_OPTION',
    ),
  );
});
