import test from 'ava';
import { tensor } from '../../../../src/model/graph/build.js';
import { evaluate } from '../../../../src/model/graph/evaluate.js';
import { gradient } from '../../../../src/model/graph/gradient.js';
import type { GraphLayer, ModelGraph } from '../../../../src/model/graph/model-graph.js';
import { ordered, type Value } from '../../../../src/model/graph/value.js';
import { readOnnx } from '../../../../src/model/readers/onnx/read.js';
import {
  farthest,
  goldenNames,
  likeGraph,
  readGolden,
  type Golden,
} from '../../../helpers/onnx-golden.js';
import { sharedFile } from '../../../helpers/shared.js';

const read = ({ model, files, file, input }: Golden): ModelGraph =>
  readOnnx(model, { name: file, files, inputShape: input.shape.slice(1) });
const layerOf = (graph: ModelGraph, names: readonly string[]): GraphLayer | undefined =>
  [...graph.layers.values()].find(
    ({ path, aliases = [] }) =>
      names.includes(path) || aliases.some((name) => names.includes(name)),
  );

/** Logits, output, and the gradients of the target's logit at the input and inside. */
function computed(golden: Golden, graph: ModelGraph, at: readonly Value[]): Float64Array[] {
  const [input] = graph.inputs;
  const [{ logits, value }] = graph.outputs;
  const seed = new Float64Array(logits.shape[0]);
  seed[golden.target] = 1;
  const wanted = gradient(new Map([[logits, tensor(logits.shape, seed)]]), [input.value, ...at]);
  const x = likeGraph(golden.input, input.value.shape);
  const feeds = new Map([[input.value, x.data]]);
  return evaluate([logits, value, ...wanted.map((v) => v!)], feeds).map((v) =>
    Float64Array.from(v),
  );
}

for (const folder of ['torch', 'tf2onnx', 'real']) {
  test(`logits and gradients of ${folder} are those of float64 autograd`, (t) => {
    const root = sharedFile(t, 'golden', 'onnx');
    if (root === undefined) return;
    for (const name of goldenNames(root, folder)) {
      const golden = readGolden(name);
      const graph = read(golden);
      const layers = golden.inner.map(({ names }) => layerOf(graph, names));
      t.false(
        layers.includes(undefined),
        `${golden.file}: ${JSON.stringify(golden.inner[0].names)}`,
      );
      const values = layers.map((layer) => layer!.value);
      const [logits, output, dx, ...inside] = computed(golden, graph, values);
      t.true(farthest(logits, golden.logits.data) < 1e-4, `${golden.file}: logits`);
      if (golden.output !== undefined) t.true(farthest(output, golden.output.data) < 1e-4);
      const expected = likeGraph(golden.inputGradient, graph.inputs[0].value.shape).data;
      t.true(farthest(dx, expected) < 1e-5, `${golden.file}: gradient at the input`);
      inside.forEach((gradientHere, i) => {
        const wanted = likeGraph(golden.inner[i].gradient, values[i].shape).data;
        t.true(farthest(gradientHere, wanted) < 1e-5, `${golden.file}: ${layers[i]!.path}`);
      });
    }
  });
}

test('a convolutional network of PyTorch has no transpose inside', (t) => {
  const root = sharedFile(t, 'golden', 'onnx');
  if (root === undefined) return;
  for (const name of goldenNames(root, 'torch')) {
    if (/\b(vit|swin)\./.test(name.file)) continue;
    const graph = read(readGolden(name));
    const turned = ordered(graph.outputs.map(({ value }) => value)).filter(
      (v) => v.live && v.op === 'transpose',
    );
    // vgg lays its picture out in one row before its dense layers
    t.is(turned.length, /vgg/.test(name.file) ? 1 : 0, name.file);
  }
});

/** How far the logits of a variant may lie from those of the float32 network, by its kind. */
const VARIANTS = [
  ['resnet.external', 1e-5],
  ['resnet.fp16io', 1e-2],
  ['mobilenet_v2.fp16', 5e-2],
  ['resnet.qdq8', 0.1],
  ['resnet.qop8', 0.1],
  ['resnet.dyn8', 0.2],
  ['vit.dyn8', 0.1],
] as const;

test('external, half and quantised weights give about the same logits, and say so', (t) => {
  const root = sharedFile(t, 'golden', 'onnx');
  if (root === undefined) return;
  const names = goldenNames(root, 'variants');
  for (const [kind, most] of VARIANTS) {
    const golden = readGolden(names.find(({ file }) => file.includes(kind))!);
    const graph = read(golden);
    const [logits] = computed(golden, graph, []);
    t.true(farthest(logits, golden.logits.data) < most, kind);
    const told = graph.warnings!.join(' ');
    if (kind.endsWith('8')) t.regex(told, /quantised/);
    else if (kind.includes('fp16')) t.regex(told, /16 bits/);
    else t.is(told, '');
  }
});

test('graphs of opset 9 with computed weights are read', (t) => {
  const root = sharedFile(t, 'golden', 'onnx');
  if (root === undefined) return;
  for (const name of goldenNames(root, 'old-caffe2')) {
    const { model, files, file } = readGolden({
      ...name,
      json: name.file.replace(/old-caffe2.*/, 'torch/vgg.json'),
    });
    const graph = readOnnx(model, { name: file, files });
    t.is(graph.outputs[0].value.shape.at(-1), 1000);
    t.true(graph.layers.size > 15);
  }
});

test('operators of other domains are told with their node', (t) => {
  const path = sharedFile(t, 'golden', 'onnx', 'variants', 'lr.zip.onnx');
  const root = sharedFile(t, 'golden', 'onnx');
  if (path === undefined || root === undefined) return;
  const { model, files } = readGolden({ file: path, json: `${root}/torch/vgg.json` });
  t.throws(() => readOnnx(model, { name: 'lr', files }), {
    code: 'UNSUPPORTED_OPERATION',
    message: /ai\.onnx\.ml\.LinearClassifier.*occlusion/,
  });
});
