/** ONNX files from loadModel to an explanation. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  explainPrediction,
  loadModel,
  predict,
  type Explanation,
  type LoadedModel,
} from '../../src/index.js';
import type { OnnxModel } from '../../src/model/files/onnx.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { ndSamples, type ExplainableModel } from '../../src/model/interface.js';
import { floats, mixed, node, onnxModel } from '../helpers/onnx-build.js';
import {
  farthest,
  goldenNames,
  likeGraph,
  permuted,
  readGolden,
  type Numbers,
} from '../helpers/onnx-golden.js';
import { sharedFile } from '../helpers/shared.js';

const bytesOf = (model: OnnxModel): Uint8Array => joined(encodeOnnx(model));

/** A classifier of three classes: conv, relu, mean, linear, softmax. Two nodes more may come between. */
function classifier(shape: readonly (number | string)[], odd = false): OnnxModel {
  return onnxModel({
    inputs: { picture: shape },
    outputs: ['scores'],
    nodes: [
      node('Conv', ['picture', 'w', 'bias'], ['c'], {
        name: '/stem/stem.0/Conv',
        attributes: { pads: [1, 1, 1, 1] },
      }),
      node('Relu', ['c'], ['r'], { name: '/stem/stem.1/Relu' }),
      // whylens has no derivative of hardmax
      ...(odd
        ? [
            node('MaxPool', ['r'], ['p', 'where'], { attributes: { kernel_shape: [1, 1] } }),
            node('MaxUnpool', ['p', 'where'], ['odd'], { attributes: { kernel_shape: [1, 1] } }),
          ]
        : []),
      node('GlobalAveragePool', [odd ? 'odd' : 'r'], ['m'], { name: '/pool/GlobalAveragePool' }),
      node('Flatten', ['m'], ['f'], { name: '/Flatten' }),
      node('Gemm', ['f', 'k'], ['logits'], { name: '/fc/Gemm' }),
      node('Softmax', ['logits'], ['scores'], { name: '/Softmax' }),
    ],
    initializers: [
      floats('w', [4, 3, 3, 3], mixed(108, 2)),
      floats('bias', [4], mixed(4, 3)),
      floats('k', [4, 3], mixed(12, 4)),
    ],
  });
}
const load = (model: OnnxModel, options = {}): Promise<LoadedModel> =>
  loadModel([{ name: 'small.onnx', bytes: bytesOf(model) }], { preprocess: 'unit', ...options });
const picture = {
  width: 8,
  height: 6,
  mode: 'RGB' as const,
  data: Uint8ClampedArray.from(mixed(8 * 6 * 3, 5), (x) => (x + 1) * 127),
};
const only = (explained: Explanation): { heatmap: Float32Array; shape: readonly number[] } => {
  const { targets } = explained as unknown as {
    targets: { heatmap: { shape: number[]; data: Float32Array } }[];
  };
  const [{ heatmap }] = targets;
  return { heatmap: heatmap.data, shape: heatmap.shape };
};

test('a file in memory gives layers with names, and every family of methods', async (t) => {
  const model = await load(classifier([1, 3, 6, 8]));
  t.is(model.name, 'small');
  t.deepEqual(model.inputShape, [6, 8, 3]);
  const { layers, inputs, outputs } = (model.model as ExplainableModel).describe();
  t.deepEqual(inputs[0].order, [2, 0, 1]);
  t.is(outputs[0].activation, 'softmax');
  t.is(outputs[0].logits, 'fc');
  t.deepEqual(
    layers.map(({ path, kind, shape }) => `${path} ${kind} [${shape.join()}]`).slice(0, 3),
    ['stem/0 Conv [6,8,4]', 'stem/1 Relu [6,8,4]', 'pool GlobalAveragePool [1,1,4]'],
  );
  for (const method of [
    'grad-cam',
    'saliency',
    'occlusion',
    'guided-backprop',
    'full-grad',
    'cam',
  ]) {
    const explained = await explainPrediction(model, picture, { method });
    t.true(only(explained).heatmap.every(Number.isFinite), method);
    t.deepEqual(explained.warnings ?? [], [], method);
  }
  const map = await explainPrediction(model, picture, { method: 'grad-cam' });
  t.is((map as { layer?: { path: string } }).layer?.path, 'stem/1');
  model.dispose();
});

test('a layer is found by its node, its tensor and its path', async (t) => {
  const model = await load(classifier([1, 3, 6, 8]));
  const maps = await Promise.all(
    ['stem/0', '/stem/stem.0/Conv', 'c'].map(async (layer) =>
      only(await explainPrediction(model, picture, { method: 'grad-cam', layer })),
    ),
  );
  t.deepEqual(maps[1], maps[0]);
  t.deepEqual(maps[2], maps[0]);
  model.dispose();
});

test("an array has the model's own order, a picture is brought to it", async (t) => {
  const model = await load(classifier(['N', 3, 6, 8]));
  const data = Float32Array.from({ length: 144 }, (_, i) => {
    const [c, y, x] = [Math.floor(i / 48), Math.floor(i / 8) % 6, i % 8];
    return picture.data[(y * 8 + x) * 3 + c] / 255;
  });
  const [a, b] = await Promise.all(
    [picture, { shape: [1, 3, 6, 8], data }].map(async (doc) =>
      only(await explainPrediction(model, doc, { method: 'saliency' })),
    ),
  );
  t.deepEqual(a.shape, [6, 8]);
  t.true(farthest(b.heatmap, a.heatmap) < 1e-6);
  await t.throwsAsync(
    explainPrediction(model, { shape: [1, 3, 5, 8], data: new Float32Array(120) }, {}),
    { code: 'INVALID_DOCUMENT', message: /\[N, 3, 6, 8\]/ },
  );
  model.dispose();
});

test('open sizes follow the picture', async (t) => {
  const model = await load(classifier(['N', 3, 'h', 'w']));
  t.deepEqual(model.inputShape, [null, null, 3]);
  const large = {
    ...picture,
    width: 16,
    height: 9,
    data: new Uint8ClampedArray(16 * 9 * 3).fill(90),
  };
  for (const one of [picture, large]) {
    const map = only(await explainPrediction(model, one, { method: 'saliency' }));
    t.deepEqual(map.shape, [one.height, one.width]);
  }
  model.dispose();
});

test('an operator that is not understood leaves the methods that need predictions', async (t) => {
  const model = await load(classifier([1, 3, 6, 8], true));
  const map = only(
    await explainPrediction(model, picture, {
      method: 'occlusion',
      patch: 2,
      stride: 2,
    }),
  );
  t.deepEqual(map.shape, [6, 8]);
  await t.throwsAsync(explainPrediction(model, picture, { method: 'saliency' }), {
    code: 'NEEDS_GRADIENTS',
  });
  const adapted = model.model as ExplainableModel;
  const error = await t.throwsAsync(adapted.differentiate({} as never));
  t.regex(error!.message, /MaxPool .* an output 1 that whylens does not compute/);
  model.dispose();
});

test('a live session is explained by its predictions', async (t) => {
  const found = await import('onnxruntime-node').catch(() => undefined);
  if (found === undefined) {
    t.log('NOT CHECKED: onnxruntime-node is not installed');
    t.pass();
    return;
  }
  const session = await found.InferenceSession.create(bytesOf(classifier([1, 3, 6, 8])));
  const options = {
    method: 'occlusion',
    preprocess: 'unit',
    outputActivation: 'softmax',
    score: 'output',
  } as const;
  const live = only(await explainPrediction(session, picture, options));
  const model = await load(classifier([1, 3, 6, 8]));
  const file = only(
    await explainPrediction(model, picture, { method: 'occlusion', score: 'output' }),
  );
  t.is(live.heatmap.length, 48);
  t.true(farthest(live.heatmap, file.heatmap) < 1e-5);
  await t.throwsAsync(explainPrediction(session, picture, { ...options, method: 'saliency' }), {
    code: 'NEEDS_GRADIENTS',
  });
  model.dispose();
  await session.release();
});

test('files of other kinds: the message has the command that makes an ONNX file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'whylens-'));
  for (const [name, command] of [
    ['m.tflite', /tf2onnx\.convert --tflite/],
    ['m.pb', /--saved-model/],
    ['m.pt', /torch\.onnx\.export/],
    ['m.safetensors', /optimum-cli/],
    ['pytorch_model.bin', /optimum-cli/],
    ['m.mlmodel', /Core ML/],
    ['m.gguf', /language model/],
    ['m.engine', /trtexec --onnx/],
    ['m.ort', /keep the \.onnx/],
    ['m.xml', /OpenVINO/],
    ['m.pdmodel', /paddle2onnx/],
    ['m.caffemodel', /caffe2onnx/],
    ['m.joblib', /skl2onnx/],
  ] as const) {
    writeFileSync(join(folder, name), 'x');
    await t.throwsAsync(loadModel(join(folder, name)), { code: 'MODEL_LOAD', message: command });
    // alone in a folder
    const alone = join(folder, 'alone');
    mkdirSync(alone);
    writeFileSync(join(alone, name), 'x');
    await t.throwsAsync(loadModel(alone), { code: 'MODEL_LOAD', message: command });
    rmSync(alone, { recursive: true });
  }
  mkdirSync(join(folder, 'saved'));
  writeFileSync(join(folder, 'saved', 'saved_model.pb'), 'x');
  await t.throwsAsync(loadModel(join(folder, 'saved')), { message: /SavedModel.*--saved-model/ });
  mkdirSync(join(folder, 'm.mlpackage'));
  await t.throwsAsync(loadModel(join(folder, 'm.mlpackage')), { message: /Core ML/ });
  mkdirSync(join(folder, 'two'));
  for (const name of ['a.onnx', 'b.onnx']) writeFileSync(join(folder, 'two', name), 'x');
  await t.throwsAsync(loadModel(join(folder, 'two')), { message: /a\.onnx, b\.onnx: name one/ });
  for (const [content, message] of [
    ['', /empty/],
    ['<!doctype html>', /HTML/],
    ['version https://git-lfs.github.com/spec/v1', /git lfs pull/],
  ] as const) {
    writeFileSync(join(folder, 'm.onnx'), content);
    await t.throwsAsync(loadModel(join(folder, 'm.onnx')), { code: 'MODEL_LOAD', message });
  }
  rmSync(folder, { recursive: true });
});

test('bytes may be a Buffer, whose data lies at odd places', async (t) => {
  const plain = classifier([1, 3, 6, 8]);
  const initializers = plain.graph.initializers.map(({ floats: numbers, ...tensor }) =>
    numbers === undefined
      ? tensor
      : { ...tensor, raw: new Uint8Array(Float32Array.from(numbers).buffer) },
  );
  const bytes = Buffer.from(bytesOf({ ...plain, graph: { ...plain.graph, initializers } }));
  // a view into a larger one, as reading a file gives
  const whole = await load(plain);
  const expected = await predict(whole, picture);
  for (const start of [0, 1, 2, 3]) {
    const pool = Buffer.alloc(bytes.length + start);
    bytes.copy(pool, start);
    const files = [{ name: 'm.onnx', bytes: pool.subarray(start) }];
    const model = await loadModel(files, { preprocess: 'unit' });
    t.deepEqual((await predict(model, picture)).values, expected.values);
    model.dispose();
  }
  whole.dispose();
});

test('a folder stands for the ONNX file in it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'whylens-'));
  writeFileSync(join(folder, 'model.onnx'), bytesOf(classifier([1, 3, 6, 8])));
  const model = await loadModel(folder, { preprocess: 'unit' });
  t.deepEqual(model.inputShape, [6, 8, 3]);
  model.dispose();
  rmSync(folder, { recursive: true });
});

test('warnings of reading are part of the explanation', async (t) => {
  const path = sharedFile(t, 'golden', 'onnx', 'variants', 'resnet.qdq8.onnx');
  if (path === undefined) return;
  const model = await loadModel(path, { preprocess: 'unit' });
  const { warnings } = await explainPrediction(model, { ...picture }, { method: 'grad-cam' });
  t.regex((warnings ?? []).join(), /quantised/);
  model.dispose();
});

for (const folder of ['torch', 'tf2onnx', 'real']) {
  test(`on ONNX Runtime ${folder} has the logits and gradients of float64`, async (t) => {
    const root = sharedFile(t, 'golden', 'onnx');
    if (root === undefined) return;
    const wrong: string[] = [];
    for (const name of goldenNames(root, folder)) {
      const golden = readGolden(name);
      const model = await loadModel(name.file, {
        preprocess: 'none',
        inputShape: golden.input.shape.slice(1),
      });
      const adapted = model.model as ExplainableModel;
      const [input] = adapted.describe().inputs;
      const own = (array: Numbers): Numbers =>
        input.order === undefined ? array : permuted(array, [0, 2, 3, 1]);
      const x = own(golden.input);
      const inner = golden.inner.map(({ names }) => {
        const layer = adapted
          .describe()
          .layers.find(
            ({ path, aliases = [] }) =>
              names.includes(path) || aliases.some((n) => names.includes(n)),
          );
        return layer!;
      });
      const result = await adapted.differentiate({
        inputs: [ndSamples({ shape: [...x.shape], data: Float32Array.from(x.data) })],
        targets: [[{ kind: 'class', index: golden.target }]],
        wrt: [input.name],
        layers: inner.map(({ path }) => path),
      });
      const check = (
        what: string,
        got: ArrayLike<number>,
        want: ArrayLike<number>,
        most: number,
      ) => {
        const apart = farthest(got, want);
        if (!(apart < most)) wrong.push(`${name.file} ${what}: ${apart}`);
      };
      check('logits', result.outputs[0].logits.data, golden.logits.data, 1e-4);
      const dx = own(golden.inputGradient).data;
      check('input', result.gradients[input.name][0].data, dx, 1e-5);
      inner.forEach(({ path, shape }, i) => {
        const want = likeGraph(golden.inner[i].gradient, shape as number[]).data;
        check(path, result.gradients[path][0].data, want, 1e-5);
      });
      model.dispose();
    }
    t.deepEqual(wrong, []);
  });
}
