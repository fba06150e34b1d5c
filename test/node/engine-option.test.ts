/** What a user says of engines, from the option to the record. */
import { join } from 'node:path';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { loadModel } from '../../src/node/load-model.js';
import { emptyFolder, whylens, whylensHere, writePicture } from '../helpers/command.js';
import { sharedFile } from '../helpers/shared.js';

const FILE = 'mobilenet_v1_0.25_224.onnx';
const doc = { shape: [1, 224, 224, 3], data: new Float32Array(224 * 224 * 3).fill(0.5) };

test.serial('each engine gives the same map and says what it was', async (t) => {
  const path = sharedFile(t, 'models', FILE);
  if (path === undefined) return;
  const maps: Float32Array[] = [];
  for (const [engine, threads] of [
    ['onnxruntime-web', 2],
    ['tfjs', undefined],
  ] as const) {
    const model = await loadModel(path, { engine, threads, preprocess: 'none' });
    t.is(model.engine, engine);
    t.is(model.threads, threads);
    t.is(model.engineReason, "option 'engine' says so");
    const expl = await explainPrediction(model, doc, { targets: 7 });
    t.is(expl.parameters.engine, engine);
    t.is(expl.parameters.threads ?? undefined, threads as never);
    t.is(typeof expl.parameters.backend, engine === 'tfjs' ? 'string' : 'undefined');
    if (expl.kind === 'image') maps.push(expl.targets[0].heatmap.data);
    const moved = await t.throwsAsync(explainPrediction(model, doc, { engine: 'onnxruntime' }));
    t.true(isWhylensError(moved, 'INVALID_OPTION'));
    model.dispose();
  }
  const most = maps[0].reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  maps[0].forEach((x, i) => t.true(Math.abs(x - maps[1][i]) < 1e-4 * most));
});

test('an unknown engine and a wrong number of threads are refused before anything is read', async (t) => {
  for (const options of [{ engine: 'onnx' as 'tfjs' }, { threads: 0 }, { threads: 1.5 }]) {
    const error = await t.throwsAsync(loadModel('missing.onnx', options));
    t.true(isWhylensError(error, 'INVALID_OPTION'), error?.message);
  }
  const mixed = await t.throwsAsync(
    loadModel('demo/model/model.json', { engine: 'onnxruntime', backend: 'wasm' }),
  );
  t.true(isWhylensError(mixed, 'INVALID_OPTION'), mixed?.message);
});

test.serial(
  'a live model of TensorFlow.js runs on other engines, and follows its training',
  async (t) => {
    const tf = await import('@tensorflow/tfjs-core');
    await selectBackend('cpu');
    const { layers, sequential } = await import('@tensorflow/tfjs-layers');
    const model = sequential({
      layers: [
        layers.conv2d({ inputShape: [6, 5, 2], filters: 3, kernelSize: 3, activation: 'relu' }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 2 }),
      ],
    });
    const weights = (scale: number) =>
      model.setWeights(
        model.weights.map((one) => {
          const shape = one.shape as number[];
          const count = shape.reduce((a, b) => a * b, 1);
          return tf.tensor(
            Array.from({ length: count }, (_, i) => scale * Math.cos(2 * i + 1)),
            shape,
          );
        }),
      );
    const picture = {
      shape: [1, 6, 5, 2],
      data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
    };
    const numbersOn = async (engine?: 'tfjs' | 'onnxruntime-web' | 'auto') => {
      const expl = await explainPrediction(model, picture, {
        method: 'saliency',
        targets: 1,
        engine,
      });
      if (expl.kind !== 'image') throw new Error(expl.kind);
      const [{ heatmap, score }] = expl.targets;
      return { ran: expl.parameters.engine, numbers: [score, ...heatmap.data] };
    };
    for (const scale of [0.5, -0.75]) {
      weights(scale);
      const here = await numbersOn();
      t.is(here.ran, 'tfjs');
      for (const engine of ['onnxruntime-web', 'auto'] as const) {
        const there = await numbersOn(engine);
        if (engine !== 'auto') t.is(there.ran, engine);
        const most = Math.max(...here.numbers.map(Math.abs));
        t.true(here.numbers.every((x, i) => Math.abs(x - there.numbers[i]) < 1e-5 * most));
      }
    }
    model.dispose();
  },
);

test.serial('a live graph model runs on another engine', async (t) => {
  const { GraphBuilder } = await import('../helpers/graph.js');
  await selectBackend('cpu');
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 6, 8, 2]);
  const kernel = Array.from({ length: 54 }, (_, i) => Math.cos(i));
  g.constant('k', [3, 3, 2, 3], kernel);
  g.op('Conv2D', 'c', ['x', 'k'], { strides: [1, 2, 1, 1], padding: 'SAME', data_format: 'NHWC' });
  g.op('Relu', 'r', ['c']);
  g.op('Mean', 'y', ['r', g.ints('axes', [1, 2])], { keep_dims: false });
  const model = await g.load();
  const picture = {
    shape: [1, 6, 8, 2],
    data: Float32Array.from({ length: 96 }, (_, i) => Math.sin(i)),
  };
  const maps: number[][] = [];
  for (const engine of ['tfjs', 'onnxruntime-web'] as const) {
    const expl = await explainPrediction(model, picture, { targets: 2, engine, layer: 'r' });
    t.is(expl.parameters.engine, engine);
    if (expl.kind === 'image') maps.push([...expl.targets[0].heatmap.data]);
  }
  const most = Math.max(...maps[0].map(Math.abs));
  t.true(most > 0);
  t.true(maps[0].every((x, i) => Math.abs(x - maps[1][i]) < 1e-5 * most));
  model.dispose();
});

test('a model that is not a file runs by itself, whatever is asked', async (t) => {
  const model = () => [[0.25, 0.75]];
  const options = { method: 'occlusion', inputShape: [4, 4, 1] } as const;
  const four = { shape: [1, 4, 4, 1], data: new Float32Array(16).fill(1) };
  await explainPrediction(model, four, { ...options, engine: 'auto' });
  const error = await t.throwsAsync(explainPrediction(model, four, { ...options, engine: 'tfjs' }));
  t.true(isWhylensError(error, 'INVALID_OPTION'));
  t.regex(error?.message ?? '', /by itself/);
});

test.serial('the flag chooses, what was taken is printed', async (t) => {
  const path = sharedFile(t, 'models', FILE);
  if (path === undefined) return;
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'a.png'), (x) => x < 20);
  const args = ['explain', '-m', path, image, '-o', join(folder, 'map.png'), '--force'];
  // the library starts its threads once a process
  const web = await whylens([...args, '--engine', 'onnxruntime-web', '--threads', '1', '-v']);
  t.is(web.code, 0, web.stderr);
  t.regex(web.stderr, /engine "onnxruntime-web", threads 1/);
  const free = await whylensHere(args);
  t.regex(free.stdout, /^engine: +onnxruntime(-web)?, threads: \d+ \(the fastest/m);
  const wrong = await whylensHere([...args, '--engine', 'onnx']);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /auto, onnxruntime, onnxruntime-web, tfjs/);
});

test.serial('doctor lists the engines with versions, threads, and what to do', async (t) => {
  const { code, stdout } = await whylensHere(['doctor', '--json', '--threads', '2']);
  t.is(code, 0);
  const { engines, cores } = JSON.parse(stdout) as {
    cores: number;
    engines: { engine: string; backend?: string; runs: boolean; version?: string }[];
  };
  t.true(cores >= 1);
  t.deepEqual(
    engines.map(({ engine, backend }) => [engine, backend]),
    [
      ['onnxruntime', undefined],
      ['onnxruntime-web', undefined],
      ['tfjs', 'tensorflow'],
      ['tfjs', 'wasm'],
      ['tfjs', 'cpu'],
    ],
  );
  for (const one of engines) {
    if (one.runs) t.regex(one.version ?? '', /^\d+\.\d+\.\d+/);
    else t.regex((one as { problem?: string }).problem ?? '', /nstall it/);
  }
  const shown = await whylensHere(['doctor']);
  t.regex(shown.stdout, /^tfjs, cpu +runs/m);
  t.regex(shown.stdout, /'auto' takes /);
});
