/** ONNX files that are damaged or made to hurt: typed errors, soon, in little memory. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { isWhylensError } from '../../../../src/errors.js';
import type { OnnxModel } from '../../../../src/model/files/onnx.js';
import { decodeOnnx } from '../../../../src/model/files/onnx-decode.js';
import { readOnnx } from '../../../../src/model/readers/onnx/read.js';
import { floats, int64s, node, onnxModel } from '../../../helpers/onnx-build.js';
import { goldenNames } from '../../../helpers/onnx-golden.js';
import { seededRandom } from '../../../helpers/lcg.js';
import { sharedFile } from '../../../helpers/shared.js';

const BIG = 1_000_000_000;
const after = (op: string, ...inputs: string[]) => node(op, inputs, ['y']);
const model = (
  nodes: OnnxModel['graph']['nodes'],
  initializers: OnnxModel['graph']['initializers'] = [],
): OnnxModel => onnxModel({ nodes, inputs: { x: [1, 3, 8, 8] }, outputs: ['y'], initializers });

const HOSTILE: Readonly<Record<string, () => OnnxModel>> = {
  'a cycle': () =>
    model([node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b']), after('Neg', 'b')]),
  'a node that needs itself': () => model([node('Add', ['x', 'y'], ['y'])]),
  'a function that calls itself': () =>
    onnxModel({
      nodes: [node('F', ['x'], ['y'], { domain: 'local' })],
      inputs: { x: [1, 3] },
      outputs: ['y'],
      functions: [
        {
          name: 'F',
          domain: 'local',
          overload: '',
          inputs: ['a'],
          outputs: ['b'],
          nodes: [node('F', ['a'], ['b'], { domain: 'local' })],
          opsets: new Map([['', 17]]),
          defaults: new Map(),
        },
      ],
    }),
  'a function that doubles itself': () =>
    onnxModel({
      nodes: [node('F0', ['x'], ['y'], { domain: 'local' })],
      inputs: { x: [1, 3] },
      outputs: ['y'],
      functions: Array.from({ length: 22 }, (_, i) => ({
        name: `F${i}`,
        domain: 'local',
        overload: '',
        inputs: ['a'],
        outputs: ['c'],
        nodes: [
          node(`F${i + 1}`, ['a'], ['b'], { domain: 'local' }),
          node(`F${i + 1}`, ['b'], ['c'], { domain: 'local' }),
        ],
        opsets: new Map([['', 17]]),
        defaults: new Map(),
      })),
    }),
  'a constant of 10⁹ values': () =>
    model([node('ConstantOfShape', ['s'], ['c']), after('Add', 'x', 'c')], [int64s('s', [BIG])]),
  'a constant of 10¹⁸ values': () =>
    model(
      [node('ConstantOfShape', ['s'], ['c']), after('Add', 'x', 'c')],
      [int64s('s', [BIG, BIG])],
    ),
  'a range of 10⁹ values': () =>
    model(
      [node('Range', ['a', 'b', 'c'], ['r']), after('Add', 'x', 'r')],
      [int64s('a', [0], []), int64s('b', [BIG], []), int64s('c', [1], [])],
    ),
  'a picture expanded to 10⁹': () =>
    model([after('Expand', 'x', 's')], [int64s('s', [BIG, 3, 8, 8])]),
  'tiles without end': () => model([after('Tile', 'x', 's')], [int64s('s', [1, 1, BIG, BIG])]),
  'padding of 10⁹': () =>
    model([after('Pad', 'x', 'p')], [int64s('p', [0, 0, 0, 0, 0, 0, 0, BIG])]),
  'a picture resized to 10⁹': () =>
    model([after('Resize', 'x', '', '', 's')], [int64s('s', [1, 3, BIG, 8])]),
  'a convolution padded by 10⁹': () =>
    model(
      [node('Conv', ['x', 'w'], ['y'], { attributes: { pads: [BIG, 0, BIG, 0] } })],
      [floats('w', [1, 3, 1, 1], [1, 2, 3])],
    ),
  'weights that are missing': () =>
    model([after('Conv', 'x', 'w')], [floats('w', [4, 3, 3, 3], [1])]),
  'weights of 10⁹ values in no bytes': () =>
    model([after('Add', 'x', 'w')], [floats('w', [BIG], [])]),
  'a tensor that nobody makes': () => model([after('Add', 'x', 'nothing')]),
  'an output that nobody makes': () => model([node('Relu', ['x'], ['z'])]),
  'a kernel of nothing': () => model([after('Conv', 'x', 'w')], [floats('w', [0, 3, 1, 1], [])]),
  'an axis that is not there': () =>
    model([node('Softmax', ['x'], ['y'], { attributes: { axis: 9 } })]),
  'steps of zero': () =>
    model(
      [after('Slice', 'x', 's', 'e', 'a', 't')],
      [int64s('s', [0]), int64s('e', [5]), int64s('a', [2]), int64s('t', [0])],
    ),
  'a window larger than the picture': () =>
    model([node('MaxPool', ['x'], ['y'], { attributes: { kernel_shape: [99, 99] } })]),
  'a stride of zero': () =>
    model([
      node('MaxPool', ['x'], ['y'], { attributes: { kernel_shape: [2, 2], strides: [0, 1] } }),
    ]),
  'an order that is none': () =>
    model([node('Transpose', ['x'], ['y'], { attributes: { perm: [0, 0, 1, 2] } })]),
  'an operator that nobody knows': () => model([node('Frobnicate', ['x'], ['y'])]),
  'no inputs': () => onnxModel({ nodes: [after('Relu', 'x')], inputs: {}, outputs: ['y'] }),
  'an input of 10⁹ values': () =>
    onnxModel({ nodes: [after('Relu', 'x')], inputs: { x: [1, BIG, BIG] }, outputs: ['y'] }),
  'an operator without inputs': () => model([node('Conv', [], ['y'])]),
  'a million doublings': () =>
    model([
      ...Array.from({ length: 60 }, (_, i) =>
        node('Concat', [i === 0 ? 'x' : `c${i - 1}`, i === 0 ? 'x' : `c${i - 1}`], [`c${i}`], {
          attributes: { axis: 1 },
        }),
      ),
      after('Relu', 'c59'),
    ]),
};

for (const [what, make] of Object.entries(HOSTILE)) {
  test(`${what}: a typed error within a second and 200 MB`, (t) => {
    const before = process.memoryUsage().rss;
    const started = process.cpuUsage();
    const error = t.throws(() => readOnnx(make(), { name: 'hostile' }));
    t.true(isWhylensError(error), String(error?.stack));
    const spent = process.cpuUsage(started);
    t.true(spent.user + spent.system < 1_500_000, `${(spent.user + spent.system) / 1000} ms`);
    t.true(process.memoryUsage().rss - before < 200 * 2 ** 20);
  });
}

test('files cut off anywhere are errors', (t) => {
  const root = sharedFile(t, 'golden', 'onnx');
  if (root === undefined) return;
  const bytes = new Uint8Array(readFileSync(`${root}/real/cntk_mnist.onnx`));
  for (const share of [0, 0.001, 0.1, 0.5, 0.9, 0.999]) {
    const cut = bytes.slice(0, Math.floor(bytes.length * share));
    t.throws(() => readOnnx(decodeOnnx(cut, 'cut.onnx'), { name: 'cut' }), {
      code: 'MODEL_LOAD',
    });
  }
});

/** Trials a file; the issue asks for 200, of which a run that is not asked for more does some. */
const TRIALS = Number(process.env.WHYLENS_FUZZ ?? 10);

test('shared files with bytes changed are read or refused, never more', (t) => {
  const root = sharedFile(t, 'golden', 'onnx');
  if (root === undefined) return;
  const files = ['torch', 'tf2onnx', 'real', 'variants', 'old-caffe2'].flatMap((folder) =>
    goldenNames(root, folder),
  );
  files.forEach(({ file }, index) => {
    const bytes = new Uint8Array(readFileSync(file));
    const random = seededRandom(index + 1);
    // structure lies among the weights: most changes go near the start and the end of the file
    for (let trial = 0; trial < TRIALS; trial++) {
      const damaged = bytes.slice();
      const changes = 1 + Math.floor(random() * 8);
      const zone = random() < 0.5 ? Math.min(bytes.length, 4096) : bytes.length;
      const from = random() < 0.5 ? 0 : bytes.length - zone;
      for (let i = 0; i < changes; i++) {
        damaged[from + Math.floor(random() * zone)] = Math.floor(random() * 256);
      }
      const started = process.cpuUsage();
      try {
        readOnnx(decodeOnnx(damaged, file), { name: file });
      } catch (error) {
        if (!isWhylensError(error)) t.fail(`${file} trial ${trial}: ${(error as Error).stack}`);
      }
      const spent = process.cpuUsage(started);
      if (spent.user + spent.system > 4_000_000) t.fail(`${file} trial ${trial} took too long`);
    }
  });
  t.pass();
});
