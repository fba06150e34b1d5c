/** PNG files that claim, hide or carry more than they hold. */
import { deflateSync } from 'node:zlib';
import test from 'ava';
import sharp from 'sharp';
import { explainPrediction } from '../../src/explain/explain.js';
import { orientPicture } from '../../src/images/orient.js';
import { createPicture } from '../../src/images/picture.js';
import { decodePng, encodePng } from '../../src/images/png.js';
import { loadImage } from '../../src/node/load-image.js';
import { noisePicture } from '../helpers/noise.js';

/** CRC-32 as PNG has it; older Node versions have none. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let i = 0; i < 8; i++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [head, tail] = [Buffer.alloc(4), Buffer.alloc(4)];
  head.writeUInt32BE(content.length);
  tail.writeUInt32BE(crc(body));
  return Buffer.concat([head, body, tail]);
}

function png(
  { width, height, interlaced = false }: { width: number; height: number; interlaced?: boolean },
  data: Uint8Array,
  before: readonly Buffer[] = [],
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, interlaced ? 1 : 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const parts = [signature, chunk('IHDR', header), ...before, chunk('IDAT', data)];
  return new Uint8Array(Buffer.concat([...parts, chunk('IEND', Buffer.alloc(0))]));
}

test('a few bytes that claim ten thousand by ten thousand pixels cost nothing', (t) => {
  for (const interlaced of [false, true]) {
    const small = png({ width: 10_000, height: 10_000, interlaced }, deflateSync(Buffer.alloc(9)));
    const before = process.memoryUsage().rss;
    const error = t.throws(() => decodePng(small), { code: 'INVALID_PICTURE' });
    t.regex(error.message, /100010000 bytes of them cannot be in|bytes of them cannot be in/);
    t.true(process.memoryUsage().rss - before < 50 * 2 ** 20);
  }
});

test('data is inflated no further than the header says, interlaced included', (t) => {
  const bomb = deflateSync(Buffer.alloc(300 * 2 ** 20));
  const before = process.memoryUsage().rss;
  const hidden = png({ width: 1, height: 1, interlaced: true }, bomb);
  t.throws(() => decodePng(hidden), { code: 'INVALID_PICTURE', message: /more than the header/ });
  t.throws(() => decodePng(png({ width: 1, height: 1 }, bomb)), { code: 'INVALID_PICTURE' });
  t.true(process.memoryUsage().rss - before < 400 * 2 ** 20);
});

test('interlaced rows are counted: whole ones open, incomplete ones do not', (t) => {
  // 3 × 2: passes of 1 × 1, 1 × 1 (column 2, row 0), 2 × 0, 1 × 2 rows of the last two
  const rows = [0, 10, 0, 30, 0, 20, 0, 40, 50, 60];
  const whole = decodePng(
    png({ width: 3, height: 2, interlaced: true }, deflateSync(Uint8Array.from(rows))),
  );
  t.deepEqual([...whole.data], [10, 20, 30, 40, 50, 60]);
  const cut = png(
    { width: 3, height: 2, interlaced: true },
    deflateSync(Uint8Array.from(rows.slice(0, 9))),
  );
  t.throws(() => decodePng(cut), { message: /rows are incomplete: 9 of 10 bytes/ });
});

test('a limit that is not a number is refused', (t) => {
  const file = encodePng(noisePicture('L', 2, 2, 1));
  for (const maxPixels of [NaN, 0, -1, '9' as unknown as number]) {
    t.throws(() => decodePng(file, { maxPixels }), { code: 'INVALID_OPTION' });
  }
});

test('an orientation turns a PNG as it turns a JPEG', async (t) => {
  const picture = createPicture(3, 2, 'L', [1, 2, 3, 4, 5, 6]);
  const turned: Readonly<Record<number, readonly number[]>> = {
    1: [1, 2, 3, 4, 5, 6],
    2: [3, 2, 1, 6, 5, 4],
    3: [6, 5, 4, 3, 2, 1],
    4: [4, 5, 6, 1, 2, 3],
    5: [1, 4, 2, 5, 3, 6],
    6: [4, 1, 5, 2, 6, 3],
    7: [6, 3, 5, 2, 4, 1],
    8: [3, 6, 2, 5, 1, 4],
  };
  for (const [orientation, data] of Object.entries(turned)) {
    t.deepEqual([...orientPicture(picture, Number(orientation)).data], [...data], orientation);
    const exif = Buffer.from(
      'MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0',
      'latin1',
    );
    exif.writeUInt16BE(Number(orientation), 18);
    const rows = deflateSync(Uint8Array.of(0, 1, 2, 3, 0, 4, 5, 6));
    const loaded = await loadImage(png({ width: 3, height: 2 }, rows, [chunk('eXIf', exif)]));
    t.deepEqual([...loaded.data], [...data]);
    t.is(loaded.width, Number(orientation) > 4 ? 2 : 3);
    const jpegLike = await sharp(picture.data, { raw: { width: 3, height: 2, channels: 1 } })
      .withMetadata({ orientation: Number(orientation) })
      .webp({ lossless: true })
      .toBuffer();
    const other = await loadImage(jpegLike);
    t.deepEqual([other.width, other.height, other.data[0]], [loaded.width, loaded.height, data[0]]);
  }
});

test('bytes after the end are ignored, and the record says so', async (t) => {
  const picture = noisePicture('RGB', 6, 4, 1);
  const long = new Uint8Array(Buffer.concat([encodePng(picture), Buffer.from('trailing')]));
  const loaded = await loadImage(long);
  t.deepEqual(loaded, picture);
  const model = ({ shape, data }: { shape: readonly number[]; data: Float32Array }) => ({
    shape: [shape[0], 1],
    data: Float32Array.from({ length: shape[0] }, (_, n) => data[n * 72]),
  });
  const { warnings } = await explainPrediction(model, loaded, {
    method: 'rise',
    masks: 4,
    inputShape: [4, 6, 3],
  });
  t.true(warnings.some((text) => /has 8 bytes after its end/.test(text)));
});

test('a large PNG is decoded aside, to the same pixels and the same errors', async (t) => {
  const picture = createPicture(2500, 1700, 'L');
  picture.data[4_000_000] = 77;
  const file = encodePng(picture);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const loaded = await loadImage(file);
  clearInterval(timer);
  t.is(loaded.width, 2500);
  t.is(Buffer.compare(Buffer.from(loaded.data), Buffer.from(picture.data)), 0);
  t.true(turns > 0);
  const damaged = file.slice(0, file.length - 2000);
  await t.throwsAsync(loadImage(damaged), { code: 'INVALID_PICTURE' });
  const stop = new AbortController();
  const work = loadImage(file, { signal: stop.signal });
  setImmediate(() => stop.abort());
  await t.throwsAsync(work, { code: 'ABORTED' });
});

test('pictures whose range nobody knows are refused, never black', async (t) => {
  const header = Buffer.alloc(8 + 2 + 9 * 12 + 4 + 16);
  header.write('II*\0', 0, 'latin1');
  header.writeUInt32LE(8, 4);
  header.writeUInt16LE(9, 8);
  const data = 8 + 2 + 9 * 12 + 4;
  const tags: [number, number, number][] = [
    [256, 4, 2],
    [257, 4, 2],
    [258, 3, 32],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, data],
    [277, 3, 1],
    [279, 4, 16],
    [339, 3, 3],
  ];
  tags.forEach(([tag, type, value], i) => {
    const at = 10 + i * 12;
    header.writeUInt16LE(tag, at);
    header.writeUInt16LE(type, at + 2);
    header.writeUInt32LE(1, at + 4);
    header.writeUInt32LE(value, at + 8);
  });
  [0, 0.25, 0.5, 1].forEach((value, i) => header.writeFloatLE(value, data + 4 * i));
  await t.throwsAsync(loadImage(header), {
    code: 'INVALID_PICTURE',
    message: /black and white are not known/,
  });
});
