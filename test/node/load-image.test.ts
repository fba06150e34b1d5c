import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import sharp from 'sharp';
import { isWhylensError, type ErrorCode } from '../../src/errors.js';
import { createPicture } from '../../src/images/picture.js';
import { encodePng } from '../../src/images/png.js';
import { loadImage, type ImageSource, type LoadImageOptions } from '../../src/node/load-image.js';
import { saveImage } from '../../src/node/save-image.js';
import { fixture, pillow } from '../helpers/fixtures.js';
import { largestDifference, noisePicture, sha256 } from '../helpers/noise.js';

const folder = mkdtempSync(join(tmpdir(), 'whylens-load-'));
test.after.always(() => rmSync(folder, { recursive: true }));

for (const name of ['420', 'progressive', 'grey']) {
  test(`a JPEG (${name}) is decoded as Pillow decodes it`, async (t) => {
    const picture = await loadImage(fixture(`photo-${name}.jpg`));
    t.deepEqual([picture.width, picture.height], [37, 23]);
    t.is(picture.mode, name === 'grey' ? 'L' : 'RGB');
    t.is(sha256(picture.data), pillow().jpegs[name].sha256);
  });
}

test('one picture from a path, a file URL, a data URL, bytes and a server', async (t) => {
  const picture = noisePicture('RGB', 5, 3, 1);
  const bytes = encodePng(picture);
  const path = join(folder, 'a picture.png');
  writeFileSync(path, bytes);
  const server = createServer((request, response) => {
    if (request.url !== '/there.png') response.statusCode = 404;
    response.end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const sources: ImageSource[] = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`,
      bytes,
      new Uint8Array(bytes).buffer,
      new Blob([new Uint8Array(bytes)]),
      `${host}/there.png`,
      new URL(`${host}/there.png`),
    ];
    for (const source of sources) t.deepEqual(await loadImage(source), picture);
    const missing = await t.throwsAsync(loadImage(`${host}/not.png`));
    t.true(isWhylensError(missing, 'FILE'));
    t.regex(missing.message, /answered 404/);
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

test('lossless formats come back as they were saved, lossy ones nearly', async (t) => {
  const smooth = {
    ...createPicture(24, 18, 'RGB'),
    data: Uint8ClampedArray.from({ length: 24 * 18 * 3 }, (_, i) => 60 + (i % 3) * 40 + (i >> 5)),
  };
  for (const ending of ['png', 'tiff', 'tif']) {
    for (const mode of ['L', 'RGB', 'RGBA'] as const) {
      const picture = noisePicture(mode, 7, 4, 5);
      const path = join(folder, `${mode}.${ending}`);
      await saveImage(picture, path);
      t.deepEqual(await loadImage(path), picture, `${ending} ${mode}`);
    }
  }
  for (const ending of ['jpg', 'JPEG', 'webp', 'avif']) {
    const path = join(folder, `smooth.${ending}`);
    await saveImage(smooth, path);
    const back = await loadImage(path);
    t.is(back.mode, 'RGB');
    t.true(largestDifference(back.data, smooth.data).difference <= 12, ending);
  }
  await saveImage(smooth, join(folder, 'small.jpg'), { quality: 5 });
  t.true(
    readFileSync(join(folder, 'small.jpg')).length <
      readFileSync(join(folder, 'smooth.jpg')).length,
  );
  const webp = join(folder, 'exact.webp');
  await saveImage(smooth, webp, { quality: 100 });
  t.deepEqual((await loadImage(webp)).data, smooth.data);
});

test('transparent pictures become JPEG on white', async (t) => {
  const path = join(folder, 'clear.jpg');
  await saveImage(createPicture(8, 8, 'RGBA'), path);
  t.true((await loadImage(path)).data.every((sample) => sample >= 254));
});

test('EXIF orientation is applied', async (t) => {
  const picture = createPicture(3, 2, 'L', [0, 0, 0, 255, 255, 255]);
  const turned = await sharp(picture.data, { raw: { width: 3, height: 2, channels: 1 } })
    .withMetadata({ orientation: 6 })
    .webp({ lossless: true })
    .toBuffer();
  const { width, height, data } = await loadImage(turned);
  t.deepEqual([width, height], [2, 3]);
  // a quarter turn to the right: the lower row is on the left now
  t.deepEqual([data[0], data[3]], [255, 0]);
});

test('what cannot be read is a typed error that names the picture', async (t) => {
  const throws = async (
    source: ImageSource,
    code: ErrorCode,
    pattern: RegExp,
    options?: LoadImageOptions,
  ) => {
    const error = await t.throwsAsync(loadImage(source, options));
    t.true(isWhylensError(error, code), String(error));
    t.regex(error.message, pattern);
  };
  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  await throws(join(folder, 'none.png'), 'FILE', /none\.png': there is no such file/);
  await throws(folder, 'FILE', /it is a folder/);
  await throws(
    file('empty.jpg', new Uint8Array()),
    'INVALID_PICTURE',
    /empty\.jpg': the file is empty/,
  );
  await throws(file('text.jpg', Buffer.from('hello')), 'INVALID_PICTURE', /does not begin like/);
  const jpeg = readFileSync(fixture('photo-420.jpg'));
  await throws(
    file('half.jpg', jpeg.subarray(0, jpeg.length >> 1)),
    'INVALID_PICTURE',
    /half\.jpg/,
  );
  await throws(file('head.jpg', jpeg.subarray(0, 20)), 'INVALID_PICTURE', /cannot be decoded/);
  const png = encodePng(noisePicture('RGB', 20, 20, 1));
  await throws(file('half.png', png.subarray(0, 400)), 'INVALID_PICTURE', /half\.png/);
  await throws(jpeg, 'PICTURE_TOO_LARGE', /at most 800 pixels, got 37×23/, { maxPixels: 800 });
  await throws(png, 'PICTURE_TOO_LARGE', /20×20/, { maxPixels: 399 });
  await throws('data:image/png;base64,AAAA', 'INVALID_PICTURE', /does not begin like/);
  await throws(7 as unknown as string, 'INVALID_PICTURE', /a path, a URL or the bytes/);
});

test('a JPEG of 20000 × 20000 pixels is refused from its header', async (t) => {
  const jpeg = Buffer.from(readFileSync(fixture('photo-420.jpg')));
  // the frame header: marker, length, precision, then height and width
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(20000, frame + 5);
  jpeg.writeUInt16BE(20000, frame + 7);
  const error = await t.throwsAsync(loadImage(jpeg));
  t.true(isWhylensError(error, 'PICTURE_TOO_LARGE'), String(error));
});

test('saving fails with a typed error and leaves nothing behind', async (t) => {
  const place = mkdtempSync(join(folder, 'save-'));
  const picture = noisePicture('RGB', 4, 4, 1);
  const throws = async (path: string, code: ErrorCode, pattern: RegExp, options?: object) => {
    const error = await t.throwsAsync(saveImage(picture, join(place, path), options));
    t.true(isWhylensError(error, code), String(error));
    t.regex(error.message, pattern);
  };
  await throws('x.bmp', 'FILE', /\.png, \.jpg/);
  await throws('x.pgn', 'FILE', /did you mean \.png/);
  await throws('noending', 'FILE', /must end in/);
  await throws('missing/x.png', 'FILE', /folder does not exist/);
  await throws('x.jpg', 'INVALID_OPTION', /1 to 100/, { quality: 0 });
  writeFileSync(join(place, 'taken.png'), 'mine');
  await throws('taken.png', 'FILE_EXISTS', /exists/, { overwrite: false });
  t.is(readFileSync(join(place, 'taken.png'), 'utf8'), 'mine');
  t.deepEqual(readdirSync(place), ['taken.png']);
  const broken = { ...picture, data: picture.data.subarray(1) };
  t.true(
    isWhylensError(await t.throwsAsync(saveImage(broken, join(place, 'y.png'))), 'INVALID_PICTURE'),
  );
  await saveImage(picture, join(place, 'taken.png'));
  t.deepEqual(await loadImage(join(place, 'taken.png')), picture);
  t.deepEqual(readdirSync(place), ['taken.png']);
});
