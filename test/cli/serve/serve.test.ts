import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { FastifyInstance } from 'fastify';
import { decodePng } from '../../../src/images/png.js';
import { SIDES } from '../../helpers/batch.js';
import { emptyFolder, MODULES, whylens, writePicture } from '../../helpers/command.js';
import { sidesServer } from '../../helpers/sides-server.js';

async function picture(t: ExecutionContext): Promise<{ path: string; bytes: Uint8Array }> {
  const path = await writePicture(join(await emptyFolder(t), 'a.png'), (x) => x < 20);
  return { path, bytes: await readFile(path) };
}

/** A request with a JSON body. */
function post(server: FastifyInstance, what: string, body: object, headers = {}) {
  return server.inject({ method: 'POST', url: `/v1/${what}`, payload: body, headers });
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const METHOD = { method: 'grid-occlusion' };

test('answers are those of the command, to the byte, in the form that accept asks for', async (t) => {
  const server = await sidesServer(t);
  const { path, bytes } = await picture(t);
  const folder = await emptyFolder(t);
  const body = { image: base64(bytes), ...METHOD, target: 1 };
  for (const [type, ending, as] of [
    ['image/png', 'png', 'image'],
    ['application/json', 'json', 'json'],
    ['image/svg+xml', 'svg', 'svg'],
    ['text/html', 'html', 'html'],
  ]) {
    const out = join(folder, `x.${ending}`);
    const args = ['explain', ...SIDES, path, '-t', '1', '-o', out, '--as', as, '-q'];
    t.is((await whylens(args)).code, 0);
    const { statusCode, headers, rawPayload } = await post(server, 'explain', body, {
      accept: `${type};q=0.9, application/pdf`,
    });
    t.is(statusCode, 200, rawPayload.toString().slice(0, 200));
    t.regex(String(headers['content-type']), new RegExp(`^${type.replace('+', '[+]')}`));
    t.true(rawPayload.equals(await readFile(out)), type);
    t.is(headers['x-content-type-options'], 'nosniff');
  }
});

test('a form as curl sends it', async (t) => {
  const server = await sidesServer(t);
  const { bytes } = await picture(t);
  const form = new FormData();
  form.append('image', new Blob([bytes as Uint8Array<ArrayBuffer>]), 'a.png');
  form.append('target', '0');
  form.append('target', '1');
  form.append('method', 'grid-occlusion');
  form.append('options', '{"rows":2}');
  const request = new Request('http://x/', { method: 'POST', body: form });
  const { statusCode, body } = await server.inject({
    method: 'POST',
    url: '/v1/explain',
    headers: { 'content-type': request.headers.get('content-type')! },
    payload: Buffer.from(await request.arrayBuffer()),
  });
  t.is(statusCode, 200, body.slice(0, 300));
  const record = JSON.parse(body) as { targets: unknown[]; parameters: { rows: number } };
  t.is(record.targets.length, 2);
  t.is(record.parameters.rows, 2);
});

test('predict, models, layers, methods, openapi, health, metrics', async (t) => {
  const server = await sidesServer(t);
  const { bytes } = await picture(t);
  const predicted = await post(server, 'predict', { image: base64(bytes), top: 1 });
  t.is(predicted.json<{ top: unknown[] }>().top.length, 1);
  const get = (url: string) => server.inject({ url });
  t.is((await get('/v1/models')).json<{ models: { id: string }[] }>().models[0].id, 'sides');
  t.is((await get('/v1/models/none/layers')).statusCode, 404);
  const methods = (await get('/v1/methods')).json<{ methods: { id: string }[] }>().methods;
  t.true(
    methods.some(({ id }) => id === 'grid-occlusion'),
    'plugins too',
  );
  const api = (await get('/openapi.json')).json<{ openapi: string; paths: object }>();
  t.is(api.openapi, '3.1.0');
  t.true(JSON.stringify(api).includes('"title":"grid-occlusion"'));
  t.is((await get('/healthz')).statusCode, 200);
  t.is((await get('/readyz')).statusCode, 200);
  t.regex(
    (await get('/metrics')).body,
    /whylens_requests_total\{route="\/v1\/predict",status="200"\} 1/,
  );
});

const nested = (depth: number): object => {
  let value: object = {};
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
};

test('what is wrong is a problem with the code of the library, and names no path', async (t) => {
  const server = await sidesServer(t);
  const { bytes } = await picture(t);
  const image = base64(bytes);
  const cases: [object, number, string][] = [
    [{}, 400, 'USAGE'],
    [{ image, text: 'x' }, 400, 'USAGE'],
    [{ image, metod: 'x' }, 400, 'USAGE'],
    [{ image: 'file:///etc/passwd' }, 400, 'USAGE'],
    [{ image: 'http://127.0.0.1/x.png' }, 400, 'USAGE'],
    [{ image: '/etc/hosts' }, 422, 'INVALID_PICTURE'],
    [{ image: base64(bytes.slice(0, 60)) }, 422, 'INVALID_PICTURE'],
    // one that tries every way of matching would still be at it tomorrow
    [{ image: `${' '.repeat(400_000)}!` }, 400, 'USAGE'],
    [{ image, ...METHOD, options: nested(500) }, 400, 'USAGE'],
    [{ row: nested(500) }, 400, 'USAGE'],
    [{ image, method: 'x'.repeat(500_000) }, 400, 'UNKNOWN_METHOD'],
    [{ image: 'AAAA====' }, 400, 'USAGE'],
    [{ image: 'AA=A' }, 400, 'USAGE'],
    [{ image, ...METHOD, target: 99 }, 400, 'INVALID_TARGET'],
    [{ image, ...METHOD, target: [0, 1, 0, 1] }, 400, 'USAGE'],
    [{ image, ...METHOD, options: { cells: 1000 } }, 400, 'USAGE'],
    [{ image, ...METHOD, options: { size: 2 } }, 400, 'UNKNOWN_OPTION'],
    [{ image, method: 'none' }, 400, 'UNKNOWN_METHOD'],
    [{ image, model: '../x' }, 404, 'UNKNOWN_MODEL'],
    [{ image, as: 'pdf' }, 406, 'UNKNOWN_FORMATTER'],
  ];
  for (const [body, status, code] of cases) {
    const response = await post(server, 'explain', body);
    const text = JSON.stringify(Object.keys(body));
    t.is(response.statusCode, status, `${text}: ${response.body}`);
    t.is(response.json<{ code: string }>().code, code, text);
    t.regex(String(response.headers['content-type']), /^application\/problem\+json/);
    t.notRegex(response.body, /\/(tmp|home|build|work|root)\//);
  }
  const large = await post(server, 'explain', { image: 'A'.repeat(2 ** 21) });
  t.is(large.statusCode, 413);
  const kind = await post(server, 'explain', { image, ...METHOD }, { accept: 'application/pdf' });
  t.is(kind.statusCode, 406);
  const plain = await server.inject({
    method: 'POST',
    url: '/v1/explain',
    payload: 'x',
    headers: { 'content-type': 'text/plain' },
  });
  t.is(plain.statusCode, 415);
});

test('a picture larger than the limit is refused before it is decoded', async (t) => {
  const server = await sidesServer(t, {
    settings: {
      models: [{ id: 'sides', path: MODULES.sidesModel }],
      flags: {},
      plugins: [MODULES.explainer],
      maxPixels: 100,
    },
  });
  const { bytes } = await picture(t);
  t.is((await post(server, 'explain', { image: base64(bytes), ...METHOD })).statusCode, 413);
});

test('too many requests get 503 and when to come back; what takes too long 504', async (t) => {
  const server = await sidesServer(t, { queue: 1 });
  const { bytes } = await picture(t);
  const body = { image: base64(bytes), ...METHOD };
  const all = await Promise.all(Array.from({ length: 12 }, () => post(server, 'explain', body)));
  const busy = all.filter(({ statusCode }) => statusCode === 503);
  t.true(busy.length > 0 && busy.length < 12, String(busy.length));
  t.true(busy.every(({ headers }) => headers['retry-after'] === '1'));
  t.true(all.every(({ statusCode }) => statusCode === 200 || statusCode === 503));
  const late = await sidesServer(t, { timeout: 1 });
  t.is((await post(late, 'explain', body)).statusCode, 504);
});

test('jobs: begun, watched, answered, forgotten', async (t) => {
  const server = await sidesServer(t);
  const { bytes } = await picture(t);
  const body = { image: base64(bytes), ...METHOD };
  const begun = await post(server, 'explain', body, {
    prefer: 'respond-async',
    accept: 'image/png',
  });
  t.is(begun.statusCode, 202);
  const place = String(begun.headers.location);
  const events = await server.inject({ url: `${place}/events` });
  t.regex(events.body, /event: done\ndata: /);
  const answer = await server.inject({ url: place });
  t.is(decodePng(answer.rawPayload).width, 60);
  t.is((await server.inject({ method: 'DELETE', url: place })).statusCode, 204);
  t.is((await server.inject({ url: place })).statusCode, 404);
  const wrong = await post(server, 'explain', { ...body, target: 77 }, { prefer: 'respond-async' });
  const failed = await server.inject({ url: `${String(wrong.headers.location)}/events` });
  t.regex(failed.body, /event: failed\ndata: .*INVALID_TARGET/);
});

test('with a token nobody else gets in; health is open', async (t) => {
  const server = await sidesServer(t, { token: 'a token of some length' });
  t.is((await server.inject({ url: '/v1/models' })).statusCode, 401);
  const with_ = (token: string) =>
    server.inject({ url: '/v1/models', headers: { authorization: `Bearer ${token}` } });
  t.is((await with_('another')).statusCode, 401);
  t.is((await server.inject({ url: '/healthz' })).statusCode, 200);
  const second = await sidesServer(t, { token: 'abcdefghijklmnop' });
  t.is(
    (
      await second.inject({
        url: '/v1/models',
        headers: { authorization: 'Bearer abcdefghijklmnop' },
      })
    ).statusCode,
    200,
  );
});

test('connections that are cut or say nonsense do not disturb the others', async (t) => {
  const server = await sidesServer(t);
  const address = new URL(await server.listen({ port: 0, host: '127.0.0.1' }));
  const send = (text: string, cut: boolean) =>
    new Promise<void>((done) => {
      const socket = connect(Number(address.port), '127.0.0.1', () => {
        socket.write(text);
        if (cut) setImmediate(() => socket.destroy());
      });
      socket.on('error', () => undefined);
      socket.once('close', () => done());
      socket.resume();
    });
  await Promise.all([
    send(
      'POST /v1/explain HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\ncontent-type: application/json\r\n\r\n{"im',
      true,
    ),
    send('nonsense\r\n\r\n', false),
    send(
      'POST /v1/explain HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n{]',
      false,
    ),
  ]);
  const { bytes } = await picture(t);
  const answer = await fetch(new URL('/v1/explain', address), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image: base64(bytes), ...METHOD }),
  });
  t.is(answer.status, 200);
});

test('the command: a public address needs a token', async (t) => {
  const open = await whylens([
    'serve',
    '-m',
    MODULES.sidesModel,
    '--host',
    '0.0.0.0',
    '--port',
    '0',
  ]);
  t.is(open.code, 2);
  t.regex(open.stderr, /--token-file, or --force/);
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'token'), 'short\n');
  const short = await whylens([
    'serve',
    '-m',
    MODULES.sidesModel,
    '--token-file',
    join(folder, 'token'),
  ]);
  t.is(short.code, 2);
  t.regex(short.stderr, /at least 16 characters/);
});
