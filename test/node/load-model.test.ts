import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { zipSync } from 'fflate';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { isWhylensError, type WhylensError } from '../../src/errors.js';
import { ndSamples, type ExplainableModel } from '../../src/model/interface.js';
import type { LoadedModel } from '../../src/model/loaded.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import type { LoadModelOptions } from '../../src/model/tfjs/load.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { predict as scoresOf } from '../../src/explain/predict.js';
import { loadLabels, loadModel, type ModelSource } from '../../src/node/load-model.js';
import {
  modelFiles,
  savedFiles,
  textBytes,
  withFile,
  type NamedBytes,
} from '../helpers/model-files.js';
import { valuesOf } from '../helpers/loaded.js';
import { node, onnxModel } from '../helpers/onnx-build.js';

test.before(() => selectBackend('cpu'));

/** H ≠ W, a convolution without bias, a dense softmax. */
function smallModel(): layers.LayersModel {
  const model = layers.sequential({ name: 'small' });
  model.add(
    layers.layers.conv2d({
      filters: 2,
      kernelSize: 2,
      inputShape: [3, 4, 1],
      useBias: false,
      name: 'conv',
    }),
  );
  model.add(layers.layers.flatten({ name: 'flat' }));
  model.add(layers.layers.dense({ units: 3, activation: 'softmax', name: 'top' }));
  return model;
}

const X = Float32Array.from({ length: 12 }, (_, i) => i / 7 - 1);

function predict(model: layers.LayersModel): number[] {
  return tf.tidy(() => [...(model.predict(tf.tensor(X, [1, 3, 4, 1])) as tf.Tensor).dataSync()]);
}

async function agrees(
  t: ExecutionContext,
  loaded: LoadedModel,
  expected: readonly number[],
): Promise<void> {
  const found = await valuesOf(loaded, [1, 3, 4, 1], X);
  t.is(found.length, expected.length);
  expected.forEach((value, i) => t.true(Math.abs(found[i] - value) < 1e-6, `${found[i]} ${value}`));
}

async function folderWith(t: ExecutionContext, files: readonly NamedBytes[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'whylens-load-'));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
  return folder;
}

async function refuses(
  t: ExecutionContext,
  source: ModelSource,
  message: RegExp,
  facts: Record<string, unknown> = {},
): Promise<void> {
  const before = tf.memory().numTensors;
  const error = await t.throwsAsync(loadModel(source), { message });
  t.true(isWhylensError(error, 'MODEL_LOAD'), String(error));
  for (const [name, value] of Object.entries(facts)) {
    t.deepEqual((error as WhylensError).facts[name], value, name);
  }
  t.is(tf.memory().numTensors, before);
}

// tensors are counted: one after the other
test.serial('a file, its folder, an address and a list of files give the same model', async (t) => {
  const model = smallModel();
  const expected = predict(model);
  const files = await savedFiles(model, 50);
  t.true(files.length > 4);
  model.dispose();
  const folder = await folderWith(t, files);
  const before = tf.memory().numTensors;
  const sources: ModelSource[] = [
    join(folder, 'model.json'),
    folder,
    pathToFileURL(join(folder, 'model.json')),
    pathToFileURL(join(folder, 'model.json')).href,
    files,
    files.map(({ name }) => join(folder, name)),
    files.map(({ name, bytes }) => new File([new Uint8Array(bytes)], name)),
  ];
  for (const source of sources) {
    const loaded = await loadModel(source);
    t.is(loaded.kind, 'loaded-model');
    t.is(loaded.name, 'small');
    t.is(loaded.backend, 'cpu');
    await agrees(t, loaded, expected);
    loaded.dispose();
  }
  t.is(tf.memory().numTensors, before);
});

test.serial(
  'an address is fetched; the message says what the server answered instead',
  async (t) => {
    const model = smallModel();
    const expected = predict(model);
    const files = await savedFiles(model, 100);
    model.dispose();
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const { pathname, search } = new URL(request.url!, 'http://localhost');
      asked.push(pathname + search);
      const file = files.find(({ name }) => pathname === `/nets/small/${name}`);
      if (pathname.startsWith('/page/')) response.end('<html>sign in</html>');
      else if (file === undefined) response.writeHead(404).end();
      else response.end(file.bytes);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    t.teardown(() => server.close());
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const loaded = await loadModel(`${base}/nets/small/model.json?key=1`);
    await agrees(t, loaded, expected);
    t.deepEqual(new Set(asked), new Set(files.map(({ name }) => `/nets/small/${name}?key=1`)));
    loaded.dispose();
    await refuses(t, new URL(`${base}/nets/model.json`), /the server answers 404/);
    await refuses(t, `${base}/page/model.json`, /HTML or XML page; is the address right/);
    const [shard] = files.splice(1, 1);
    await refuses(t, `${base}/nets/small/model.json`, /weight file .*shard1of2.*answers 404/);
    t.regex(shard.name, /shard1of2/);
    await new Promise((done) => server.close(done));
    await refuses(t, `${base}/nets/small/model.json`, /cannot fetch the model file/);
  },
);

test.serial('quantised weights are scaled back', async (t) => {
  const model = smallModel();
  const [conv, kernel, bias] = model.getWeights();
  const topology = model.toJSON(null, false);
  const files = modelFiles(
    topology,
    [
      {
        name: 'conv/kernel',
        shape: conv.shape,
        dtype: 'float32',
        quantization: { dtype: 'uint8', scale: 0.5, min: -2 },
      },
      {
        name: 'top/kernel',
        shape: kernel.shape,
        dtype: 'float32',
        quantization: { dtype: 'uint16', scale: 0.001, min: -0.01 },
      },
      { name: 'top/bias', shape: bias.shape, dtype: 'float32', quantization: { dtype: 'float16' } },
    ],
    Uint8Array.from([
      ...[0, 1, 2, 3, 4, 5, 6, 7],
      ...new Uint8Array(Uint16Array.from({ length: kernel.size }, (_, i) => i).buffer),
      // 1, −2 and 0.5 in half precision
      ...new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3800).buffer),
    ]),
  );
  // what the numbers stand for
  model.setWeights([
    tf.tensor([-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5], conv.shape),
    tf.tensor(
      Array.from({ length: kernel.size }, (_, i) => 0.001 * i - 0.01),
      kernel.shape,
    ),
    tf.tensor1d([1, -2, 0.5]),
  ]);
  const expected = predict(model);
  model.dispose();
  const loaded = await loadModel(files);
  await agrees(t, loaded, expected);
  loaded.dispose();
});

test.serial('options and the file itself say name, labels and preprocessing', async (t) => {
  const model = smallModel();
  const files = await savedFiles(model);
  model.dispose();
  const json = JSON.parse(new TextDecoder().decode(files[0].bytes)) as Record<string, unknown>;
  json.userDefinedMetadata = { labels: ['a', 'b', 'c'], preprocess: 'torch' };
  const telling = withFile(files, 'model.json', textBytes(JSON.stringify(json)));
  const load = async (
    source: ModelSource,
    options: LoadModelOptions<string | readonly string[]> = {},
  ): Promise<LoadedModel> => {
    const loaded = await loadModel(source, options);
    loaded.dispose();
    return loaded;
  };
  t.like(await load(files), { name: 'small', labels: undefined, preprocess: undefined });
  t.deepEqual((await load(files)).inputShape, [3, 4, 1]);
  t.like(await load(telling), { labels: ['a', 'b', 'c'], preprocess: 'torch' });
  const options = { name: 'mine', labels: ['x', 'y', 'z'], preprocess: 'tf' } as const;
  t.like(await load(telling, options), options);
  const folder = await folderWith(t, [{ name: 'labels.txt', bytes: textBytes('p\nq\nr\n') }]);
  t.deepEqual((await load(files, { labels: join(folder, 'labels.txt') })).labels, ['p', 'q', 'r']);
  const error = await t.throwsAsync(load(files, { preprocess: 'keras' as 'tf' }));
  t.regex(
    error.message,
    /one of tf, caffe, torch, unit, none, steps .*, or a function, got 'keras'/,
  );
  t.true(isWhylensError(await t.throwsAsync(load(files, { backend: 'x' })), 'BACKEND'));
});

test.serial('missing, truncated and foreign weight files are named with their bytes', async (t) => {
  const model = smallModel();
  const files = await savedFiles(model, 100);
  model.dispose();
  const [, first, last] = [files[0], files[1], files[files.length - 1]];
  const all = files.slice(1).reduce((sum, { bytes }) => sum + bytes.length, 0);
  await refuses(t, withFile(files, first.name, undefined), /'group1-shard1of\d\.bin'.*is missing/, {
    file: first.name,
  });
  const folder = await folderWith(t, withFile(files, last.name, undefined));
  await refuses(t, folder, /is missing: cannot read .*\(ENOENT\)/, { file: last.name });
  await refuses(t, withFile(files, first.name, first.bytes.slice(0, 60)), /truncated/, {
    file: first.name,
    expected: all,
    actual: all - 40,
  });
  await refuses(t, withFile(files, last.name, last.bytes.slice(0, -4)), /truncated/, {
    file: last.name,
    expected: all,
    actual: all - 4,
  });
  const longer = new Uint8Array(last.bytes.length + 8);
  await refuses(t, withFile(files, last.name, longer), /another model/, { actual: all + 8 });
  await refuses(t, withFile(files, first.name, textBytes('<!DOCTYPE html>')), /HTML page/);
});

test.serial('if a file is not a model.json, the message says what it is', async (t) => {
  const wrong: [string | Uint8Array, RegExp][] = [
    ['', /empty/],
    ['<html>', /HTML/],
    ['{"modelTopology": {', /broken JSON of 19 bytes/],
    ['hello', /does not hold JSON/],
    ['[1]', /got an array/],
    ['{"a": 1}', /no 'modelTopology'; it holds a/],
    [
      '{"class_name": "Model", "config": {}}',
      /topology without weights.*loadModel reads the \.keras or \.h5 file/,
    ],
    ['{"modelTopology": {"class_name": "Model"}}', /no 'weightsManifest'/],
    ['{"modelTopology": {"x": 1}, "weightsManifest": []}', /neither a graph .* it holds x/],
    ['{"modelTopology": {"class_name": "Model"}, "weightsManifest": []}', /'config.layers'/],
    [
      Uint8Array.from([0x89, 0x48, 0x44, 0x46, 13, 10]),
      /HDF5 file.*ends in \.h5, and loadModel reads it/,
    ],
    ['PK\u0003\u0004', /zip archive.*ends in \.keras, and loadModel reads it/],
    ['version https://git-lfs.github.com/spec/v1', /git lfs pull/],
  ];
  for (const [content, message] of wrong) {
    const bytes = typeof content === 'string' ? textBytes(content) : content;
    await refuses(t, [{ name: 'model.json', bytes }], message);
  }
  await refuses(t, [], /one model\.json and its weight files, got no files/);
  const folder = await folderWith(t, [{ name: 'saved_model.pb', bytes: textBytes('x') }]);
  await refuses(t, folder, /no model\.json.*SavedModel: .*tf2onnx\.convert --saved-model/);
  await refuses(t, join(folder, 'nothing.json'), /there is no such file/);
  await refuses(t, join(folder, 'saved_model.pb'), /got a \.pb file/);
  await mkdir(join(folder, 'empty'));
  await refuses(
    t,
    join(folder, 'empty'),
    /holds no model that whylens reads: no model\.json.*It is empty$/,
  );
});

test.serial(
  'an unknown layer class, a wrong reference and wrong weights are named with the layer',
  async (t) => {
    const model = smallModel();
    const [json, ...rest] = await savedFiles(model);
    model.dispose();
    const change = (from: string | RegExp, to: string): NamedBytes[] => {
      const text = new TextDecoder().decode(json.bytes);
      t.true(text.search(from) !== -1);
      return [{ name: 'model.json', bytes: textBytes(text.replace(from, to)) }, ...rest];
    };
    await refuses(t, change('"Conv2D"', '"Conv2d"'), /layer 'conv' .* 'Conv2d'.*mean 'Conv2D'/, {
      layer: 'conv',
      class: 'Conv2d',
    });
    await refuses(t, change('"softmax"', '"sofmax"'), /layer 'top'.*activation 'sofmax'/);
    await refuses(t, change('"top/bias"', '"other/bias"'), /top\/bias.*other\/bias/, {
      unset: ['top/bias'],
      strangers: ['other/bias'],
    });
    await refuses(t, change('"units":3', '"units":5'), /'top\/kernel'.*\[12, 5\].*got \[12, 3\]/);
    const odd = '"name":"top/bias","quantization":{"dtype":"float7"}';
    await refuses(t, change('"name":"top/bias"', odd), /'top\/bias'.*'float7'/);
  },
);

test.serial('a reference to a layer that is not there does not hang', async (t) => {
  const x = layers.input({ shape: [2], name: 'x' });
  const y = layers.layers.dense({ units: 1, name: 'y' }).apply(x) as layers.SymbolicTensor;
  const model = layers.model({ inputs: x, outputs: y, name: 'm' });
  const [json, ...rest] = await savedFiles(model);
  model.dispose();
  const text = new TextDecoder().decode(json.bytes).replace('[["x",0,0,{}]]', '[["z",0,0,{}]]');
  await refuses(t, [{ name: 'model.json', bytes: textBytes(text) }, ...rest], /'y'.*layer 'z'/);
});

test.serial('graph models load too', async (t) => {
  const topology = {
    node: [
      {
        name: 'x',
        op: 'Placeholder',
        attr: {
          dtype: { type: 'DT_FLOAT' },
          shape: { shape: { dim: [{ size: '-1' }, { size: '2' }] } },
        },
      },
      {
        name: 'w',
        op: 'Const',
        attr: {
          dtype: { type: 'DT_FLOAT' },
          value: {
            tensor: { dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '2' }, { size: '1' }] } },
          },
        },
      },
      { name: 'y', op: 'MatMul', input: ['x', 'w'], attr: { T: { type: 'DT_FLOAT' } } },
    ],
    library: {},
    versions: {},
  };
  const data = new Uint8Array(Float32Array.of(2, -3).buffer);
  const files = modelFiles(topology, [{ name: 'w', shape: [2, 1], dtype: 'float32' }], data);
  const before = tf.memory().numTensors;
  for (const backend of [undefined, 'wasm', 'cpu']) {
    const loaded = await loadModel(files, { name: 'graph', backend });
    const x = { shape: [1, 2], data: Float32Array.of(5, 1) };
    const { outputs } = await (loaded.model as ExplainableModel).run({ inputs: [ndSamples(x)] });
    t.deepEqual([...outputs[0].values.data], [7]);
    t.deepEqual([loaded.name, loaded.backend], ['graph', backend]);
    t.not(loaded.engine, undefined);
    loaded.dispose();
    t.is(tf.memory().numTensors, before);
  }
  await refuses(
    t,
    withFile(files, files[1].name, data.slice(0, 4)),
    /8 bytes expected in all, got 4/,
  );
});

test('labels in every usual form', async (t) => {
  const read = async (text: string): Promise<string[]> => {
    const folder = await folderWith(t, [{ name: 'labels', bytes: textBytes(text) }]);
    return loadLabels(join(folder, 'labels'));
  };
  t.deepEqual(await read('["a", "b"]'), ['a', 'b']);
  t.deepEqual(await read('{"1": "b", "0": "a"}'), ['a', 'b']);
  t.deepEqual(await read('{"0": ["n1", "a"], "1": ["n2", "b"]}'), ['a', 'b']);
  t.deepEqual(await read('{"b": 1, "a": 0}'), ['a', 'b']);
  // Teachable Machine's metadata.json
  t.deepEqual(await read('{"tfjsVersion": "1.3.1", "labels": ["a", "b"], "imageSize": 224}'), [
    'a',
    'b',
  ]);
  t.deepEqual(await loadLabels({ name: 'mine.txt', bytes: textBytes('a\nb') }), ['a', 'b']);
  t.deepEqual(await read('\uFEFFtench, Tinca\r\n gold fish \r\n'), ['tench, Tinca', 'gold fish']);
  for (const [text, message] of [
    ['', /an empty file/],
    ['a\n\nb', /empty line 2/],
    ['[]', /an empty list/],
    ['[1, 2]', /got 1 for class 0/],
    ['{"0": "a", "2": "c"}', /no label for class 1 of 3/],
    // two gigabytes of holes, once
    ['{"100000000": "x"}', /no label for class 0 of 100000001/],
    ['{"a": 0, "b": 0}', /two labels for class 0/],
    ['{"0": "a", "00": "b"}', /two labels for class 0/],
    ['{"x": "a"}', /key 'x'/],
    ['["a"', /broken JSON/],
  ] as const) {
    t.true(isWhylensError(await t.throwsAsync(read(text), { message }), 'MODEL_LOAD'));
  }
  await t.throwsAsync(loadLabels('no/such/file'), { message: /label file 'no\/such\/file'/ });
});

test('a wrong source and a wrong option are refused before anything is read', async (t) => {
  for (const [source, message] of [
    [null, /got null/],
    [5, /got a number/],
    [{}, /list of files/],
    ['http://[bad', /'http:\/\/\[bad' is not an address/],
  ] as const) {
    const error = await t.throwsAsync(loadModel(source as never));
    t.true(isWhylensError(error, 'MODEL_LOAD'), error.message);
    t.regex(error.message, message);
  }
  for (const [options, code, message] of [
    [null, 'INVALID_OPTION', /options of loadModel/],
    [{ labels: 5 }, 'INVALID_OPTION', /'labels' of loadModel .* array of names/],
    [{ inputShape: 'x' }, 'INVALID_OPTION', /'inputShape' of loadModel/],
    [{ name: 5 }, 'INVALID_OPTION', /'name' of loadModel must be a string/],
    [{ label: [] }, 'UNKNOWN_OPTION', /did you mean 'labels'/],
  ] as const) {
    const error = await t.throwsAsync(loadModel('nowhere', options as never));
    t.true(isWhylensError(error, code), error.message);
    t.regex(error.message, message);
  }
});

test.serial('a model in one piece: its name tells what it is, else its content', async (t) => {
  const network = onnxModel({
    inputs: { x: [1, 4] },
    outputs: ['y'],
    nodes: [node('Relu', ['x'], ['r']), node('Neg', ['r'], ['y'])],
  });
  const onnx = Uint8Array.from(joined(encodeOnnx(network)));
  const zip = zipSync({
    'net/model.onnx': onnx,
    'net/labels.txt': new TextEncoder().encode('a\nb\nc\nd'),
  });
  const sources: [ModelSource, string, string[] | undefined][] = [
    [onnx, 'model', undefined],
    [onnx.buffer, 'model', undefined],
    [new Blob([onnx]), 'model', undefined],
    [new File([onnx], 'own.onnx'), 'own', undefined],
    [new File([onnx], 'download'), 'download', undefined],
    [{ name: 'own.onnx', bytes: onnx }, 'own', undefined],
    [zip, 'net', ['a', 'b', 'c', 'd']],
  ];
  const doc = { shape: [1, 4], data: Float32Array.of(-1, 2, 3, -4) };
  for (const [source, name, labels] of sources) {
    const model = await loadModel(source, { engine: 'tfjs', backend: 'cpu' });
    t.deepEqual([model.name, model.labels], [name, labels]);
    const { values } = await scoresOf(model, doc);
    t.deepEqual([...values.data], [-0, -2, -3, -0]);
    model.dispose();
  }
  const tflite = Uint8Array.from([0x1c, 0, 0, 0, ...new TextEncoder().encode('TFL3'), 0, 0, 0, 0]);
  await t.throwsAsync(loadModel(tflite), { message: /tf2onnx.convert --tflite/ });
});
