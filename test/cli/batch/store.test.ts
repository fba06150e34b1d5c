import { createRequire } from 'node:module';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import test from 'ava';
import { jsonLines, pictures, SIDES } from '../../helpers/batch.js';
import { whylens } from '../../helpers/command.js';

interface Server {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}
// it has no types
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => Server;

test('outputs go to a store, journal and tables stay in the folder', async (t) => {
  const cwd = await pictures(t, 2);
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: join(cwd, 's3'),
    configureBuckets: [{ name: 'maps' }],
  });
  const { port } = await server.run();
  t.teardown(() => server.close());
  const env = {
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  };
  const args = ['batch', ...SIDES, 'in', '-o', 'out', '--as', 'png,json', '-w', '1'];
  const { code, stderr } = await whylens([...args, '--store', 's3://maps/run 1'], { cwd, env });
  t.is(code, 0, stderr);
  const client = new S3Client({
    endpoint: env.AWS_ENDPOINT_URL,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'maps' }));
  const names = ['p000.json', 'p000.png', 'p001.json', 'p001.png'].map((name) => `run 1/${name}`);
  t.deepEqual(Contents.map(({ Key }) => Key).sort(), names);
  const object = await client.send(new GetObjectCommand({ Bucket: 'maps', Key: names[1] }));
  t.is(object.ContentType, 'image/png');
  const [first] = await jsonLines(join(cwd, 'out', 'journal.jsonl'));
  const { bytes } = (first.outputs as { bytes: number }[])[0];
  t.is((await object.Body!.transformToByteArray()).length, bytes);
  t.deepEqual((await readdir(join(cwd, 'out'))).sort(), [
    'batch.json',
    'documents.jsonl',
    'journal.jsonl',
    'results.jsonl',
  ]);
  const again = await whylens(['batch', '--resume', 'out'], { cwd, env });
  t.regex(again.stdout, /nothing to do/);
  const nowhere = await whylens([...args, '--store', 's3://none/x', '--force'], { cwd, env });
  t.is(nowhere.code, 1);
  t.regex(nowhere.stderr, /cannot write 'p000\.png' to s3:\/\/none\/x: .*; stopped/);
});
