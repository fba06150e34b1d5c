import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import type { Picture, PictureMode } from '../../src/explanation.js';
import { addColours, alphaComposite } from '../../src/images/composite.js';
import { checkPicture, convertPicture, createPicture } from '../../src/images/picture.js';
import { pillow } from '../helpers/fixtures.js';
import { noisePicture, sha256 } from '../helpers/noise.js';

test("convertPicture equals Pillow's convert between all modes", (t) => {
  for (const { from, to, sha256: expected } of pillow().converted) {
    const picture = noisePicture(from as PictureMode, 64, 48, 7);
    const got = convertPicture(picture, to as PictureMode);
    t.is(got.mode, to as PictureMode);
    t.is(sha256(got.data), expected, `${from} to ${to}`);
  }
  const grey = convertPicture(createPicture(1, 1, 'RGB', [200, 100, 50]), 'L');
  // 0.299 · 200 + 0.587 · 100 + 0.114 · 50 = 124.2
  t.deepEqual([...grey.data], [124]);
});

test('convertPicture lays transparent pixels on a background where one is given', (t) => {
  const picture = createPicture(2, 1, 'RGBA', [10, 20, 30, 0, 100, 0, 200, 128]);
  t.deepEqual([...convertPicture(picture, 'RGB').data], [10, 20, 30, 100, 0, 200]);
  const white = { background: [255, 255, 255] } as const;
  t.deepEqual([...convertPicture(picture, 'RGB', white).data], [255, 255, 255, 177, 127, 227]);
  t.deepEqual([...convertPicture(picture, 'L', white).data], [255, 153]);
  t.is(convertPicture(picture, 'RGBA', white), picture);
});

test("alphaComposite equals Pillow's alpha_composite to the byte, for every alpha over every alpha", (t) => {
  for (const { bottom, seed, sha256: expected } of pillow().composites) {
    const grid = (a: number, b: number, c: number, alpha: (i: number) => number): Picture => ({
      ...createPicture(256, 256, 'RGBA'),
      data: Uint8ClampedArray.from({ length: 65536 * 4 }, (_, at) => {
        const i = at >> 2;
        return [i % a, i % b, i % c, alpha(i)][at & 3];
      }),
    });
    const [below, above] =
      bottom === 'grid'
        ? [grid(251, 241, 239, (i) => i >> 8), grid(229, 227, 223, (i) => i & 255)]
        : [
            noisePicture(bottom as PictureMode, 256, 64, seed),
            noisePicture('RGBA', 256, 64, seed + 10),
          ];
    t.is(sha256(alphaComposite(below, above).data), expected, `${bottom} ${seed}`);
  }
});

test('addColours by hand: 0.4 of the colour, then the full range', (t) => {
  const picture = createPicture(1, 1, 'RGB', [100, 60, 20]);
  const colours = createPicture(1, 1, 'RGB', [0, 100, 250]);
  // sums 100, 100, 120; stretched to 0, 0, 255
  t.deepEqual([...addColours(picture, colours).data], [0, 0, 255]);
  // sums 100, 160, 270 with intensity 1: 60/170 · 255 = 90
  const full = [...addColours(picture, colours, 1).data];
  t.deepEqual([full[0], full[2]], [0, 255]);
  t.true(full[1] === 89 || full[1] === 90);
  const flat = createPicture(1, 1, 'L', [7]);
  t.deepEqual([...addColours(flat, flat).data], [0, 0, 0]);
});

test('pictures of two sizes are not laid on each other', (t) => {
  const error = t.throws(() =>
    alphaComposite(createPicture(2, 1, 'RGB'), createPicture(1, 2, 'RGBA')),
  );
  t.true(isWhylensError(error, 'INVALID_PICTURE'));
  t.regex(error.message, /2×1.*1×2/);
});

test('checkPicture takes ImageData and refuses everything that is not whole', (t) => {
  const data = new Uint8ClampedArray(8);
  t.is(checkPicture({ width: 2, height: 1, data }).mode, 'RGBA');
  t.is(checkPicture({ width: 2, height: 1, mode: 'RGBA', data }).data, data);
  const refused: unknown[] = [
    null,
    undefined,
    'cat.png',
    7,
    {},
    { width: 2, height: 1, mode: 'RGBA', data: [1, 2] },
    { width: 2, height: 1, mode: 'RGB', data },
    { width: 2, height: 1, mode: 'CMYK', data },
    { width: 0, height: 1, mode: 'L', data: new Uint8ClampedArray() },
    { width: -2, height: -4, mode: 'L', data },
    { width: 2.5, height: 1, mode: 'RGBA', data },
    { width: NaN, height: 1, mode: 'RGBA', data },
  ];
  for (const value of refused) {
    const error = t.throws(() => checkPicture(value));
    t.true(isWhylensError(error, 'INVALID_PICTURE'), JSON.stringify(value));
  }
  t.true(
    isWhylensError(
      t.throws(() => createPicture(20000, 20000, 'L')),
      'PICTURE_TOO_LARGE',
    ),
  );
  t.throws(() => createPicture(2, 1, 'toString' as 'L'), { message: /one of L, RGB, RGBA/ });
});
