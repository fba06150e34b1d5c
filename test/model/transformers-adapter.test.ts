/** A stand-in for transformers.js, with the fields that version 4.3 has: functions with a task, a model, a processor. */
import test, { type ExecutionContext } from 'ava';
import type { InferenceSession } from 'onnxruntime-common';
import { explainPrediction, loadModel, predict } from '../../src/index.js';
import { openOnnxRuntimeWeb } from '../../src/model/executors/onnxruntime/web.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';

const CONFIG = {
  model_type: 'vit',
  _name_or_path: 'someone/animals',
  // not in order
  id2label: { 1: 'dog', 0: 'cat', 2: 'bird' },
};
const PROCESSOR = {
  image_processor_type: 'ViTImageProcessor',
  do_resize: true,
  size: { height: 12, width: 10 },
  resample: 2,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.5, 0.25, 0.75],
  image_std: [0.5, 0.2, 0.4],
};
const picture = {
  width: 30,
  height: 24,
  mode: 'RGB',
  data: Uint8ClampedArray.from({ length: 30 * 24 * 3 }, (_, i) => 127 + 120 * Math.sin(i / 40)),
} as const;

/** A convolution and its mean, with sizes open as exports leave them. */
function network(sizes: readonly (string | number)[] = ['height', 'width']): Uint8Array {
  const weights = Array.from({ length: 3 * 3 * 9 }, (_, i) => Math.cos(1.3 * i));
  return joined(
    encodeOnnx(
      onnxModel({
        inputs: { pixel_values: ['batch', 3, ...sizes] },
        outputs: ['logits'],
        nodes: [
          node('Conv', ['pixel_values', 'w'], ['c'], { attributes: { kernel_shape: [3, 3] } }),
          node('Relu', ['c'], ['r']),
          node('GlobalAveragePool', ['r'], ['m']),
          node('Flatten', ['m'], ['logits']),
        ],
        initializers: [floats('w', [3, 3, 3, 3], weights)],
      }),
    ),
  );
}

async function pipelineOf(t: ExecutionContext, bytes = network()) {
  const { runtime } = await openOnnxRuntimeWeb({ threads: 1 });
  const session: InferenceSession = await runtime.InferenceSession.create(bytes);
  t.teardown(() => session.release());
  const model = Object.assign(() => undefined, {
    main_input_name: 'pixel_values',
    config: CONFIG,
    sessions: { model: session },
  });
  return Object.assign(() => undefined, {
    task: 'image-classification',
    model,
    tokenizer: null,
    processor: Object.assign(() => undefined, {
      image_processor: Object.assign(() => undefined, { config: PROCESSOR }),
    }),
  });
}

const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));

test.serial(
  'a pipeline is explained as its folder is: names, size, mean and deviation are its own',
  async (t) => {
    const pipe = await pipelineOf(t);
    const folder = await loadModel(
      [
        { name: 'model.onnx', bytes: network() },
        { name: 'config.json', bytes: text(CONFIG) },
        { name: 'preprocessor_config.json', bytes: text(PROCESSOR) },
      ],
      { engine: 'onnxruntime-web', threads: 1 },
    );
    t.teardown(() => folder.dispose());
    const options = { method: 'occlusion', patch: 4, stride: 4 } as const;
    const expected = await explainPrediction(folder, picture, options);
    const found = await explainPrediction(pipe, picture, options);
    if (expected.kind !== 'image' || found.kind !== 'image') return t.fail(found.kind);
    t.is(found.estimator, 'someone/animals');
    t.is(found.targets[0].label, expected.targets[0].label);
    t.true(['cat', 'dog', 'bird'].includes(found.targets[0].label!));
    const [ours, theirs] = [found.targets[0].heatmap.data, expected.targets[0].heatmap.data];
    t.true(theirs.some((x) => Math.abs(x) > 1e-3));
    t.true(theirs.every((x, i) => Math.abs(x - ours[i]) < 1e-5));
    t.deepEqual(found.parameters.inferred, {
      labels: 'the configuration of the model',
      preprocess: 'the processor of the pipeline',
    });
    t.deepEqual(found.warnings, []);
    // what is said goes before it
    const { top } = await predict(pipe, picture, { preprocess: 'unit', labels: ['a', 'b', 'c'] });
    t.regex(top[0][0].label!, /^[abc]$/);
  },
);

test.serial('its model alone has names, and no preprocessing', async (t) => {
  const { model } = await pipelineOf(t, network([12, 10]));
  const expl = await explainPrediction(model, picture, { method: 'occlusion', patch: 4 });
  if (expl.kind !== 'image') return t.fail(expl.kind);
  t.true(['cat', 'dog', 'bird'].includes(expl.targets[0].label!));
  t.regex(expl.warnings.join(' '), /preprocess/);
});

test.serial('gradients are refused with what gives them', async (t) => {
  const pipe = await pipelineOf(t);
  await t.throwsAsync(explainPrediction(pipe, picture, { method: 'grad-cam' }), {
    message: /occlusion/,
  });
  await t.throwsAsync(explainPrediction({ ...pipe, task: 'text-classification' }, picture), {
    message: /a model must be .*image-classification pipeline/,
  });
});
