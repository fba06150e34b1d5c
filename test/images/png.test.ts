import { crc32 } from 'node:zlib';
import test from 'ava';
import sharp from 'sharp';
import { isWhylensError } from '../../src/errors.js';
import { createPicture } from '../../src/images/picture.js';
import { decodePng, encodePng, readPngHeader } from '../../src/images/png.js';
import { noisePicture } from '../helpers/noise.js';

test('every mode comes back as it was written, and other readers agree', async (t) => {
  for (const mode of ['L', 'RGB', 'RGBA'] as const) {
    for (const [width, height] of [
      [1, 1],
      [13, 7],
    ]) {
      const picture = noisePicture(mode, width, height, 3);
      const bytes = encodePng(picture);
      t.deepEqual(decodePng(bytes), picture);
      const other = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      const grey =
        mode === 'L' ? other.data.filter((_, i) => i % other.info.channels === 0) : other.data;
      t.deepEqual([...grey], [...picture.data], `${mode} ${width}×${height}`);
    }
  }
});

test('bytes that lie inside a larger buffer are read in their own bounds', (t) => {
  const picture = noisePicture('RGB', 6, 5, 2);
  const bytes = encodePng(picture);
  const around = new Uint8Array(bytes.length + 20).fill(7);
  around.set(bytes, 9);
  t.deepEqual(decodePng(around.subarray(9, 9 + bytes.length)), picture);
});

test('palettes, one bit, grey with alpha, interlacing: each in its mode', async (t) => {
  const colours = createPicture(
    3,
    2,
    'RGB',
    [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0],
  );
  const raw = (picture: typeof colours, channels: 1 | 2 | 3 | 4) =>
    sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels } });
  t.deepEqual(decodePng(await raw(colours, 3).png({ palette: true }).toBuffer()), colours);
  t.deepEqual(decodePng(await raw(colours, 3).png({ progressive: true }).toBuffer()), colours);
  const clear = createPicture(2, 1, 'RGBA', [255, 0, 0, 255, 0, 0, 0, 0]);
  const palette = decodePng(await raw(clear, 4).png({ palette: true }).toBuffer());
  t.is(palette.mode, 'RGBA');
  // what colour lies below full transparency is the encoder's choice
  t.deepEqual([...palette.data.subarray(0, 4), palette.data[7]], [255, 0, 0, 255, 0]);
  const grey = { ...createPicture(2, 1, 'L', [9, 200]) };
  t.deepEqual(decodePng(await raw(grey, 1).toColourspace('b-w').png().toBuffer()), grey);
  const greyAlpha = await sharp(Uint8Array.from([9, 255, 200, 128]), {
    raw: { width: 2, height: 1, channels: 2 },
  })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  t.is(readPngHeader(greyAlpha).colourType, 4);
  t.deepEqual(
    decodePng(greyAlpha),
    createPicture(2, 1, 'RGBA', [9, 9, 9, 255, 200, 200, 200, 128]),
  );
});

test('16 bits are rounded to 8', async (t) => {
  const values = [0, 128, 129, 257, 385, 386, 65407, 65535];
  const png = await sharp(Uint16Array.from(values), { raw: { width: 8, height: 1, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  t.deepEqual(readPngHeader(png), { width: 8, height: 1, depth: 16, colourType: 0 });
  const expected = values.map((value) => Math.floor((value * 255) / 65535 + 0.5));
  t.deepEqual(decodePng(png), createPicture(8, 1, 'L', expected));
});

test('20000 × 20000 pixels are refused from the header, before anything is decoded', (t) => {
  const bytes = encodePng(noisePicture('RGB', 2, 2, 1));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(16, 20000);
  view.setUint32(20, 20000);
  const error = t.throws(() => decodePng(bytes));
  t.true(isWhylensError(error, 'PICTURE_TOO_LARGE'), String(error));
  t.regex(error.message, /20000×20000/);
});

test('anything cut off or damaged is a typed error, never a wrong picture', (t) => {
  const picture = noisePicture('RGBA', 9, 9, 1);
  const whole = encodePng(picture);
  for (let length = 0; length < whole.length; length += 7) {
    const error = t.throws(() => decodePng(whole.subarray(0, length)));
    t.true(isWhylensError(error, 'INVALID_PICTURE'), `${length}: ${String(error)}`);
  }
  for (let at = 0; at < whole.length; at += 3) {
    const damaged = whole.slice();
    damaged[at] ^= 0x55;
    try {
      // damage where nothing is checked may pass, but only with the right picture
      t.deepEqual(decodePng(damaged), picture, `byte ${at}`);
    } catch (error) {
      t.true(isWhylensError(error), `byte ${at}: ${String(error)}`);
    }
  }
  t.regex(t.throws(() => decodePng(new Uint8Array())).message, /it is empty/);
});

test('rows that are missing are not taken from unused memory', (t) => {
  for (const mode of ['L', 'RGB', 'RGBA'] as const) {
    const bytes = encodePng(noisePicture(mode, 7, 5, 4));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const withHeight = (height: number) => {
      view.setUint32(20, height);
      view.setUint32(29, crc32(bytes.subarray(12, 29)));
      return bytes;
    };
    const error = t.throws(() => decodePng(withHeight(6)));
    t.true(isWhylensError(error, 'INVALID_PICTURE'), String(error));
    t.regex(error.message, /rows are incomplete: \d+ of \d+ bytes/);
    t.deepEqual(decodePng(withHeight(5)), noisePicture(mode, 7, 5, 4));
  }
});

test('if a file ends too early, the message says so in plain words', (t) => {
  const whole = encodePng(noisePicture('RGB', 40, 40, 1));
  for (const length of [200, whole.length - 3]) {
    t.regex(t.throws(() => decodePng(whole.subarray(0, length))).message, /it ends too early/);
  }
});
