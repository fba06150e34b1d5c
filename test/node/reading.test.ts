/** Everything read from outside ends: in time, in size, in redirects, within its folder and its host. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import test from 'ava';
import { isWhylensError, type ErrorCode } from '../../src/errors.js';
import { encodePng } from '../../src/images/png.js';
import { loadImage } from '../../src/node/load-image.js';
import { loadImages } from '../../src/node/load-images.js';
import { loadLabels, loadModel } from '../../src/node/load-model.js';
import { readTable } from '../../src/node/read-table.js';
import { emptyFolder, whylensHere, MODULES } from '../helpers/command.js';
import { modelFiles } from '../helpers/model-files.js';
import { noisePicture } from '../helpers/noise.js';
import { serve } from '../helpers/server.js';

const PICTURE = noisePicture('RGB', 5, 4, 1);
const PNG = encodePng(PICTURE);
const TOPOLOGY = {
  class_name: 'Sequential',
  config: {
    name: 'm',
    layers: [
      {
        class_name: 'Dense',
        config: { name: 'd', units: 1, use_bias: false, batch_input_shape: [null, 1] },
      },
    ],
  },
};
const WEIGHTS = [{ name: 'd/kernel', shape: [1, 1], dtype: 'float32' as const }];
const model = (path: string) => {
  const [json, weights] = modelFiles(TOPOLOGY, WEIGHTS, new Uint8Array(4));
  const text = new TextDecoder().decode(json.bytes).replace(weights.name, path);
  return { json: text, weights: weights.bytes };
};

async function refuses(
  t: {
    throwsAsync: (work: Promise<unknown>) => Promise<Error>;
    true: (x: boolean, m?: string) => void;
    regex: (a: string, b: RegExp) => void;
  },
  work: Promise<unknown>,
  code: ErrorCode,
  pattern: RegExp,
): Promise<string> {
  const error = await t.throwsAsync(work);
  t.true(isWhylensError(error, code), String(error));
  t.regex(error.message, pattern);
  return error.message;
}

test('an address that says nothing is given up, one that never ends too', async (t) => {
  const { base } = await serve(t, (path, response) => {
    if (path.startsWith('/silent')) return;
    if (path.startsWith('/half')) {
      response.write(PNG.subarray(0, 20));
      return;
    }
    response.on('drain', () => response.write(Buffer.alloc(1 << 16)));
    response.write(Buffer.alloc(1 << 16));
  });
  const quick = { timeout: 60 };
  await refuses(t, loadImage(`${base}/silent.png`, quick), 'FILE', /says nothing for 0.06 seconds/);
  await refuses(t, loadImage(`${base}/half.png`, quick), 'FILE', /says nothing/);
  await refuses(t, loadModel(`${base}/silent/model.json`, quick), 'MODEL_LOAD', /says nothing/);
  await refuses(t, loadLabels(`${base}/silent.txt`, quick), 'MODEL_LOAD', /says nothing/);
  const small = { maxBytes: 1 << 20 };
  await refuses(t, loadImage(`${base}/endless.png`, small), 'FILE', /longer than 1 MiB/);
  await refuses(t, loadModel(`${base}/endless.json`, small), 'MODEL_LOAD', /longer than 1 MiB/);
  await refuses(t, loadLabels(`${base}/endless.txt`, small), 'MODEL_LOAD', /longer than 1 MiB/);
});

test('what counts is the size after decompression, and the default is 256 MiB', async (t) => {
  const { base } = await serve(t, (path, response) => {
    response.setHeader('content-encoding', 'gzip');
    if (path === '/ok.png') {
      response.end(gzipSync(PNG));
      return;
    }
    const gzip = createGzip();
    gzip.on('error', () => undefined);
    gzip.pipe(response);
    const block = Buffer.alloc(1 << 20);
    let left = 1000;
    const more = (): void => {
      while (left-- > 0 && !response.destroyed) if (!gzip.write(block)) return;
      gzip.end();
    };
    gzip.on('drain', more);
    more();
  });
  t.deepEqual(await loadImage(`${base}/ok.png`), PICTURE);
  const before = process.memoryUsage().rss;
  await refuses(t, loadImage(`${base}/bomb.png`), 'FILE', /longer than 256 MiB/);
  t.true(process.memoryUsage().rss - before < 700 * 2 ** 20);
});

test('at most five redirects are followed, and none into another private host', async (t) => {
  const inner = await serve(t, (_, response) => response.end(PNG));
  const { base, port } = await serve(t, (path, response) => {
    const count = Number(/\/(\d+)$/.exec(path)?.[1]);
    const send = (location: string) => response.writeHead(302, { location }).end();
    if (path === '/inner') send(`${inner.base}/secret?x=1`);
    else if (path === '/name') send(`http://localhost:${inner.port}/`);
    else if (path === '/six') send(`http://[::ffff:127.0.0.1]:${inner.port}/`);
    else if (path === '/file') send('file:///etc/passwd');
    else if (count > 0) send(`/${count - 1}`);
    else response.end(PNG);
  });
  t.deepEqual(await loadImage(`${base}/5`), PICTURE);
  await refuses(t, loadImage(`${base}/6`), 'FILE', /redirects more than 5 times/);
  for (const path of ['inner', 'name', 'six']) {
    await refuses(t, loadImage(`${base}/${path}`), 'FILE', /private network; allowHosts/);
  }
  await refuses(t, loadImage(`${base}/file`), 'FILE', /redirects to file:/);
  await refuses(t, loadModel(`${base}/inner`), 'MODEL_LOAD', /private network/);
  t.deepEqual(inner.asked, []);
  const allowHosts = [`127.0.0.1:${inner.port}`];
  t.deepEqual(await loadImage(`${base}/inner`, { allowHosts }), PICTURE);
  t.not(port, inner.port);
});

test('weights come from the origin of the model, and its key goes nowhere else', async (t) => {
  const other = await serve(t, (_, response) => response.end(new Uint8Array(4)));
  const { base, asked } = await serve(t, (path, response) => {
    if (!path.includes('.json')) response.end(new Uint8Array(4));
    else if (path.startsWith('/own')) response.end(model('w.bin').json);
    else response.end(model(`${other.base}/w.bin`).json);
  });
  (await loadModel(`${base}/own/model.json?key=1`)).dispose();
  t.deepEqual(asked, ['/own/model.json?key=1', '/own/w.bin?key=1']);
  const address = `${base}/other/model.json?key=1`;
  const message = await refuses(t, loadModel(address), 'MODEL_LOAD', /names another host/);
  t.notRegex(message, /key=1/);
  t.deepEqual(other.asked, []);
  (await loadModel(address, { allowHosts: ['127.0.0.1'] })).dispose();
  t.deepEqual(other.asked, ['/w.bin']);
});

test('weights lie below the folder of the model, and nothing is told of what lies outside', async (t) => {
  const root = await emptyFolder(t);
  const folder = join(root, 'net');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await writeFile(join(root, 'secret'), 'x'.repeat(1234));
  await writeFile(join(root, 'fits'), new Uint8Array(4));
  await symlink('../fits', join(folder, 'leads-out'));
  await symlink('../none', join(folder, 'leads-nowhere'));
  await symlink('..', join(folder, 'up'));
  await symlink('sub/w.bin', join(folder, 'inside'));
  await writeFile(join(folder, 'sub', 'w.bin'), new Uint8Array(4));
  const file = join(folder, 'model.json');
  const load = async (path: string) => {
    await writeFile(file, model(path).json);
    return loadModel(file);
  };
  const said = new Set<string>();
  for (const path of [
    '../secret',
    '../fits',
    '../nothing',
    join(root, 'secret'),
    'leads-out',
    'leads-nowhere',
    'up/secret',
    'up/nothing',
    '.',
    '/dev/zero',
  ]) {
    const message = await refuses(t, load(path), 'MODEL_LOAD', /outside the model's folder/);
    said.add(message.replace(path, ''));
  }
  t.is(said.size, 1);
  for (const path of ['sub/w.bin', './sub/../sub/w.bin', 'inside']) (await load(path)).dispose();
  // as caches keep models: every file a link into one folder
  const cache = join(root, 'snapshot');
  await mkdir(cache);
  await writeFile(file, model('w.bin').json);
  await symlink('../net/model.json', join(cache, 'model.json'));
  await symlink('../net/sub/w.bin', join(cache, 'w.bin'));
  (await loadModel(cache)).dispose();
});

test('pipes and devices: read where they are named, given up in silence, left alone elsewhere', async (t) => {
  const folder = await emptyFolder(t);
  const pipe = join(folder, 'x.png');
  execFileSync('mkfifo', [pipe]);
  await refuses(t, loadImage(pipe, { timeout: 60 }), 'FILE', /says nothing/);
  await refuses(t, loadLabels(pipe, { timeout: 60 }), 'MODEL_LOAD', /says nothing/);
  await refuses(t, loadModel(pipe, { timeout: 60 }), 'MODEL_LOAD', /says nothing/);
  const [read] = await Promise.all([loadImage(pipe), writeFile(pipe, PNG)]);
  t.deepEqual(read, PICTURE);
  await refuses(t, loadImage('/dev/zero', { maxBytes: 1 << 20 }), 'FILE', /longer than 1 MiB/);
  await refuses(t, loadImage('/dev/null'), 'INVALID_PICTURE', /empty/);
  const list = loadModel(['/dev/zero'], { maxBytes: 1 << 20 });
  await refuses(t, list, 'MODEL_LOAD', /longer than 1 MiB/);
  await writeFile(join(folder, 'a.png'), PNG);
  const found = [];
  for await (const picture of loadImages(folder)) found.push(picture);
  t.deepEqual(found, [PICTURE]);
  await writeFile(join(folder, 'model.json'), model('w.bin').json);
  execFileSync('mkfifo', [join(folder, 'w.bin')]);
  await refuses(t, loadModel(folder), 'MODEL_LOAD', /not a regular file/);
  const args = ['predict', '-m', MODULES.sidesModel, '-i', folder];
  const result = await whylensHere(args);
  t.is(result.code, 0, result.stderr);
});

test('a file longer than allowed is refused, whatever is read from it', async (t) => {
  const folder = await emptyFolder(t);
  const path = join(folder, 'long.png');
  await writeFile(path, new Uint8Array(2000));
  const small = { maxBytes: 1999 };
  await refuses(t, loadImage(path, small), 'FILE', /longer than 1999 bytes/);
  await refuses(t, loadImage(new Blob([await readFile(path)]), small), 'FILE', /longer than/);
  await refuses(t, loadLabels(path, small), 'MODEL_LOAD', /longer than/);
  await refuses(t, loadModel(path, small), 'MODEL_LOAD', /longer than/);
});

test('kinds of addresses can be switched off', async (t) => {
  const { base, asked } = await serve(t, (_, response) => response.end(PNG));
  const only = { schemes: ['https', 'data'] as const };
  await refuses(t, loadImage(`${base}/a.png`, only), 'FILE', /'http:' may not be read here/);
  await refuses(t, loadImage('/etc/passwd', only), 'FILE', /files may not be read here/);
  await refuses(t, loadImage('file:///etc/passwd', only), 'FILE', /files may not be read here/);
  await refuses(t, loadModel('/etc', only), 'MODEL_LOAD', /files may not be read here/);
  await refuses(t, loadLabels('/etc/passwd', only), 'MODEL_LOAD', /files may not be read here/);
  const { base: sending } = await serve(t, (_, response) =>
    response.writeHead(302, { location: `${base}/b.png` }).end(),
  );
  await refuses(t, loadImage(`${sending}/`, { schemes: ['https'] }), 'FILE', /may not be read/);
  t.deepEqual(asked, []);
  const address = `data:image/png;base64,${Buffer.from(PNG).toString('base64')}`;
  t.deepEqual(await loadImage(address, only), PICTURE);
});

test('labels and tables come from data: addresses as pictures do, within the same limits', async (t) => {
  t.deepEqual(await loadLabels('data:application/json,["cat","dog"]'), ['cat', 'dog']);
  t.deepEqual(await loadLabels(new URL('data:,cat%0Adog')), ['cat', 'dog']);
  const base64 = `data:;base64,${Buffer.from('cat\ndog\n').toString('base64')}`;
  t.deepEqual(await loadLabels(base64, { schemes: ['data'] }), ['cat', 'dog']);
  t.deepEqual((await readTable('data:text/csv,a,b%0A1,2')).columns, ['a', 'b']);
  const small = { maxBytes: 3 };
  await refuses(t, loadLabels('data:,cat%0Adog', small), 'MODEL_LOAD', /longer than 3 bytes/);
  const none = { schemes: ['file'] as const };
  await refuses(t, loadLabels('data:,cat', none), 'MODEL_LOAD', /'data:' may not be read/);
  await refuses(t, loadModel('data:,{}'), 'MODEL_LOAD', /a model is several files/);
  // the address is not repeated whole
  const long = await refuses(t, loadLabels(`data:x;base64,${'!'.repeat(9999)}`), 'MODEL_LOAD', /./);
  t.true(long.length < 300, long);
});

test('a text that is not an address, or names a host for a file, is an error with a code', async (t) => {
  for (const address of ['http://[', 'http://a b', 'file://host/x.txt', 'file:///a%2Fb']) {
    await refuses(t, loadLabels(address), 'MODEL_LOAD', /cannot read/);
    await refuses(t, loadImage(address), 'FILE', /cannot read/);
    await refuses(t, readTable(address), 'FILE', /cannot read/);
    await refuses(t, loadModel(address), 'MODEL_LOAD', /./);
  }
});

test('a signal ends every load with ABORTED, before it starts and while it waits', async (t) => {
  const { base } = await serve(t, () => undefined);
  const folder = await emptyFolder(t);
  const pipe = join(folder, 'p');
  execFileSync('mkfifo', [pipe]);
  const never = { name: 'model.json', arrayBuffer: () => new Promise<never>(() => undefined) };
  const loads: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => loadImage(`${base}/a.png`, { signal }),
    (signal) => loadImage(pipe, { signal }),
    (signal) => loadModel(`${base}/model.json`, { signal }),
    (signal) => loadModel([never], { signal }),
    (signal) => loadLabels(`${base}/l.txt`, { signal }),
    (signal) => loadLabels(pipe, { signal }),
    (signal) => loadImages([`${base}/a.png`], { signal }).next(),
  ];
  for (const load of loads) {
    await refuses(t, load(AbortSignal.abort()), 'ABORTED', /aborted/);
    const stop = new AbortController();
    const work = load(stop.signal);
    setImmediate(() => stop.abort());
    await refuses(t, work, 'ABORTED', /aborted/);
  }
});
