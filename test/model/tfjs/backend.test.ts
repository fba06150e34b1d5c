import test from 'ava';
import * as tf from '@tensorflow/tfjs-core';
import { isWhylensError } from '../../../src/errors.js';
import { chooseBackend, howToGetNative, selectBackend } from '../../../src/model/tfjs/backend.js';

// one process has one current backend: in order, never side by side
const missing = () =>
  Promise.reject(
    Object.assign(new Error("Cannot find package '@tensorflow/tfjs-node'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    }),
  );
const alone = { environment: {}, importNative: missing };

test.serial('without the native backend wasm is taken, and one line says so once', async (t) => {
  const said: string[] = [];
  const announce = (message: string) => said.push(message);
  t.is(await selectBackend(undefined, { ...alone, announce }), 'wasm');
  t.is(tf.getBackend(), 'wasm');
  t.is(said.length, 1);
  t.is(
    said[0],
    "whylens: running on 'wasm'; faster with 'npm install @tensorflow/tfjs-node'. WHYLENS_BACKEND=wasm silences this.",
  );
  t.is(await selectBackend(undefined, { ...alone, announce }), 'wasm');
  t.is(said.length, 1);
});

test.serial("wasm leaves the process's own error handling alone", (t) => {
  const own = (event: string) =>
    process.rawListeners(event).filter((listener) => /ExitStatus/.test(String(listener)));
  t.deepEqual(own('uncaughtException'), []);
});

test.serial('a named backend is taken; tensors move along', async (t) => {
  await selectBackend('wasm', alone);
  const before = tf.tensor1d([1, 2]);
  t.is(await selectBackend('cpu', alone), 'cpu');
  t.is(tf.getBackend(), 'cpu');
  t.deepEqual([...tf.add(before, 1).dataSync()], [2, 3]);
  t.is(await selectBackend('wasm', alone), 'wasm');
  tf.disposeVariables();
});

test.serial(
  'a backend that is already set up is respected, the environment goes before it',
  async (t) => {
    await selectBackend('cpu', alone);
    t.is(await selectBackend(undefined, alone), 'cpu');
    const environment = { WHYLENS_BACKEND: 'wasm' };
    t.is(await selectBackend(undefined, { ...alone, environment }), 'wasm');
    t.is(await selectBackend('cpu', { ...alone, environment }), 'cpu');
    t.is(await selectBackend(undefined, { ...alone, environment: { WHYLENS_BACKEND: '' } }), 'cpu');
  },
);

test.serial('an unknown name lists the allowed ones', async (t) => {
  const error = await t.throwsAsync(selectBackend('wasn', alone), {
    message: /option 'backend' .*'wasn'; did you mean 'wasm'\? Allowed: tensorflow, wasm, cpu/,
  });
  t.true(isWhylensError(error, 'BACKEND'));
  await t.throwsAsync(
    selectBackend(undefined, { ...alone, environment: { WHYLENS_BACKEND: 'gpu' } }),
    { message: /environment variable WHYLENS_BACKEND .*'gpu'/ },
  );
});

test.serial(
  'a named native backend that is not there is an error, and nothing changes',
  async (t) => {
    await selectBackend('cpu', alone);
    const error = await t.throwsAsync(selectBackend('tensorflow', alone), {
      message: /not installed.*npm install @tensorflow\/tfjs-node.*wasm, cpu/s,
    });
    t.true(isWhylensError(error, 'BACKEND'));
    t.is(tf.getBackend(), 'cpu');
    const broken = () => Promise.reject(new Error('libtensorflow.so.2: no such file\nstack'));
    await t.throwsAsync(selectBackend('tensorflow', { ...alone, importNative: broken }), {
      message: /could not be loaded \(libtensorflow\.so\.2: no such file\)/,
    });
  },
);

test.serial('backends that the process registered itself may be named', async (t) => {
  tf.registerBackend('mine', () => tf.findBackend('cpu'));
  t.is(await selectBackend('mine', alone), 'mine');
  t.is(await selectBackend('cpu', alone), 'cpu');
});

test.serial('calls at the same time are answered one after the other', async (t) => {
  const names = await Promise.all([
    selectBackend('wasm', alone),
    selectBackend('cpu', alone),
    selectBackend('nothing', alone).catch(() => 'failed'),
    selectBackend(undefined, alone),
  ]);
  t.deepEqual(names, ['wasm', 'cpu', 'failed', 'cpu']);
});

test.serial('the native backend, where it is installed', async (t) => {
  try {
    t.is(await selectBackend('tensorflow', { environment: {} }), 'tensorflow');
  } catch (error) {
    if (!isWhylensError(error, 'BACKEND')) throw error;
    t.log('SKIPPED: @tensorflow/tfjs-node does not load here, the native backend is not tested');
    t.pass();
    return;
  }
  t.is(process.env.TF_NUM_INTRAOP_THREADS, '1');
  t.deepEqual([...tf.add(tf.tensor1d([1, 2]), 1).dataSync()], [2, 3]);
});

test('the advice fits how the program was installed', (t) => {
  const at = (folder: string) =>
    howToGetNative(`file://${folder}/whylens/dist/src/model/backend.js`);
  const name = '@tensorflow/tfjs-node';
  t.is(at('/home/me/project/node_modules'), `npm install ${name}`);
  t.is(at('/usr/local/lib/node_modules'), `npm install -g ${name}`);
  t.is(at('/home/me/.nvm/versions/node/v22/lib/node_modules'), `npm install -g ${name}`);
  t.is(at('/C:/Users/me/AppData/Roaming/npm/node_modules'), `npm install -g ${name}`);
  t.is(at('/C:/Program%20Files/nodejs/node_modules'), `npm install -g ${name}`);
  t.is(at('/home/me/.local/share/pnpm/global/5/node_modules'), `pnpm add -g ${name}`);
  t.is(at('/home/me/.config/yarn/global/node_modules'), `yarn global add ${name}`);
  t.is(at('/home/me/.bun/install/global/node_modules'), `bun add -g ${name}`);
});

test.serial('the message says who chose the backend', async (t) => {
  const environment = { WHYLENS_BACKEND: 'cpu' };
  t.deepEqual(await chooseBackend(undefined, { ...alone, environment }), {
    backend: 'cpu',
    reason: 'the environment variable WHYLENS_BACKEND says so',
  });
  t.is((await chooseBackend('cpu', alone)).reason, "option 'backend' says so");
});
