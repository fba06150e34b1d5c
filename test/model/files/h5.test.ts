/** HDF5 files made here by the library that reads them, and damaged. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import h5, { File } from 'h5wasm';
import { openH5 } from '../../../src/model/files/h5.js';

async function made(): Promise<Uint8Array> {
  const { FS } = await h5.ready;
  const file = new File('made.h5', 'w');
  file.create_attribute('keras_version', '3.0');
  const weights = file.create_group('model_weights');
  weights.create_attribute('layer_names0', ['a', 'b']);
  weights.create_attribute('layer_names1', ['c']);
  const a = weights.create_group('a');
  a.create_dataset({ name: 'kernel', data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [2, 3] });
  a.create_dataset({ name: 'count', data: new Int32Array([7]), shape: [1] });
  a.create_dataset({ name: 'word', data: ['no number'] });
  file.create_group('optimizer').create_dataset({ name: 'm', data: new Float32Array(9) });
  file.close();
  return FS.readFile('made.h5').slice();
}

test('groups, texts and numbers; the state of a training is left out', async (t) => {
  const file = await openH5(await made(), 'made.h5');
  t.deepEqual(file.keys('/'), ['model_weights']);
  t.is(file.text('/', 'keras_version'), '3.0');
  t.is(file.text('/', 'none'), undefined);
  t.deepEqual(file.texts('/model_weights', 'layer_names'), ['a', 'b', 'c']);
  t.is(file.texts('/model_weights', 'other'), undefined);
  t.deepEqual(file.array('/model_weights/a/kernel'), {
    shape: [2, 3],
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
  });
  t.deepEqual([...file.array('model_weights/a/count').data], [7]);
  t.false(file.isArray('/model_weights/a/word'));
  t.deepEqual(file.keys('/model_weights/a/kernel'), []);
  t.throws(() => file.array('/model_weights/z'), { code: 'MODEL_LOAD' });
});

test('a structure that leads in circles is given up, and the next file is read', async (t) => {
  // found by fuzzing: the library follows it without end
  const circles = new Uint8Array(await readFile('test/fixtures/circles.h5'));
  await t.throwsAsync(openH5(circles, 'circles.h5', { limit: 300 }), {
    code: 'MODEL_LOAD',
    message: /'circles.h5'.*not come to an end after/,
  });
  const stop = new AbortController();
  const work = openH5(circles, 'circles.h5', { signal: stop.signal });
  setImmediate(() => stop.abort());
  await t.throwsAsync(work, { code: 'ABORTED' });
  t.deepEqual((await openH5(await made(), 'made.h5')).keys('/'), ['model_weights']);
});

test('a file that is not HDF5, or is cut short, is an error', async (t) => {
  const bytes = await made();
  for (const wrong of [new Uint8Array(), bytes.slice(0, 900), new TextEncoder().encode('no')]) {
    await t.throwsAsync(openH5(wrong, 'w.h5'), { code: 'MODEL_LOAD', message: /'w.h5'/ });
  }
});
