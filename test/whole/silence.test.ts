/** The library writes nothing unasked, but for the one line that says how to get a faster backend. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { emptyFolder, whylens, writePicture } from '../helpers/command.js';
import { savedFiles } from '../helpers/model-files.js';
import { seedWeights, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
const PROGRAM = resolve('build/test/helpers/pipeline.js');
const WITHOUT_NATIVE = pathToFileURL(resolve('build/test/helpers/without-native.js')).href;
const SAID =
  /^whylens: running on 'wasm'; faster with 'npm install @tensorflow\/tfjs-node'\. WHYLENS_BACKEND=wasm silences this\.\n/;

async function modelFolder(t: ExecutionContext): Promise<string> {
  await selectBackend('cpu');
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [7, 9, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  seedWeights(model);
  const folder = await emptyFolder(t);
  for (const { name, bytes } of await savedFiles(model)) await writeFile(join(folder, name), bytes);
  model.dispose();
  return folder;
}

function program(folder: string, backend: string, before: string[] = []) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
    const args = [...before, PROGRAM, folder, backend];
    const env = { ...process.env, WHYLENS_BACKEND: '' };
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      done({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

for (const backend of ['wasm', 'cpu']) {
  test(`a whole program on ${backend} prints nothing`, async (t) => {
    const result = await program(await modelFolder(t), backend);
    t.deepEqual(result, { code: 0, stdout: '', stderr: '' });
  });
}

test('without the native backend one line on stderr says so, once', async (t) => {
  const { code, stdout, stderr } = await program(await modelFolder(t), '', [
    '--import',
    WITHOUT_NATIVE,
  ]);
  t.deepEqual({ code, stdout }, { code: 0, stdout: '' });
  t.regex(stderr, SAID);
  t.is(stderr.replace(SAID, ''), '');
});

test('the command says it on stderr, and with --quiet or a named backend not at all', async (t) => {
  const folder = await modelFolder(t);
  const image = await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const env = { NODE_OPTIONS: `--import ${WITHOUT_NATIVE}`, WHYLENS_BACKEND: '' };
  const out = join(folder, 'x.png');
  const args = ['explain', '-m', folder, '-i', image, '-t', '0', '-t', '1', '-t', '2', '-o', out];
  const plain = await whylens(args, { env });
  t.is(plain.code, 0, plain.stderr);
  t.regex(plain.stderr, SAID);
  t.regex(plain.stdout, /^backend: +wasm \(the fastest of those that load\)$/m);
  const quiet = await whylens([...args, '-q', '--force'], { env });
  t.is(quiet.code, 0, quiet.stderr);
  t.notRegex(quiet.stderr, /running on/);
  t.is(quiet.stdout, '');
  const named = await whylens([...args, '--backend', 'wasm', '--force'], { env });
  t.notRegex(named.stderr + named.stdout, /running on|^backend:/m);
  // what the line itself advises
  const advised = await whylens([...args, '--force'], { env: { ...env, WHYLENS_BACKEND: 'wasm' } });
  t.is(advised.code, 0, advised.stderr);
  t.notRegex(advised.stderr, /running on/);
});
