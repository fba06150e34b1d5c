/** Outputs, places, masks and inputs, named on the command line. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { emptyFolder, whylensHere, writePicture } from '../helpers/command.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';

/** Two pictures in, three outputs: classes, another head, and classes a pixel. */
const network = (): Uint8Array =>
  joined(
    encodeOnnx(
      onnxModel({
        inputs: { left: [1, 3, 4, 6], right: [1, 3, 4, 6] },
        outputs: ['kind', 'colour', 'pixels'],
        nodes: [
          node('Conv', ['left', 'w'], ['l']),
          node('Relu', ['l'], ['lr'], { name: 'left_relu' }),
          node('Conv', ['right', 'w'], ['r']),
          node('Relu', ['r'], ['rr'], { name: 'right_relu' }),
          node('GlobalAveragePool', ['lr'], ['lm']),
          node('Flatten', ['lm'], ['kind']),
          node('GlobalAveragePool', ['rr'], ['rm']),
          node('Flatten', ['rm'], ['colour']),
          node('Conv', ['lr', 'k'], ['pixels']),
        ],
        initializers: [
          floats('w', [2, 3, 1, 1], [1, 0.5, 0, 0, 0.25, 1]),
          floats('k', [3, 2, 1, 1], [1, 2, 3, 4, 5, 6]),
        ],
      }),
    ),
  );

/** The network, two pictures, and a mask that is bright where column 4 is. */
async function written(t: ExecutionContext) {
  const folder = await emptyFolder(t);
  const model = join(folder, 'two.onnx');
  await writeFile(model, network());
  const a = await writePicture(join(folder, 'a.png'), (x) => x < 3, [6, 4]);
  const b = await writePicture(join(folder, 'b.png'), (x) => x < 1, [6, 4]);
  const mask = await writePicture(join(folder, 'mask.png'), (x) => x === 4, [6, 4]);
  return { folder, model, a, b, mask };
}

interface Found {
  readonly input?: string;
  readonly targets: readonly {
    readonly target: number | string;
    readonly definition: {
      kind: string;
      index: unknown;
      output?: string;
      mask?: { data: number[] };
    };
    readonly score: number;
  }[];
}

test.serial('outputs, numbers of them, masks and inputs', async (t) => {
  const { folder, model, a, b, mask } = await written(t);
  const out = join(folder, 'record.json');
  const shared = [
    'explain',
    '-m',
    model,
    '--image',
    `left=${a}`,
    `right=${b}`,
    '--preprocess',
    'unit',
  ];
  const record = async (...args: string[]): Promise<Found> => {
    const done = await whylensHere([...shared, '-o', out, '--force', ...args]);
    t.is(done.code, 0, done.stderr);
    return JSON.parse(await readFile(out, 'utf8')) as Found;
  };
  const definition = async (...args: string[]) => (await record(...args)).targets[0].definition;

  t.deepEqual(await definition('--target', 'kind:1'), { kind: 'class', index: 1, output: 'kind' });
  const colour = await record(
    '--output',
    'colour',
    '--target',
    '1',
    '--for-input',
    'right',
    '--layer',
    'right_relu',
  );
  t.is(colour.input, 'right');
  t.deepEqual(colour.targets[0].definition, { kind: 'class', index: 1, output: 'colour' });
  const top = await record('--output', 'colour', '--for-input', 'right', '--layer', 'right_relu');
  t.is(top.targets[0].definition.output, 'colour');
  const all = await record('--output', 'kind', '--target', 'all');
  t.deepEqual(
    all.targets.map(({ definition: one }) => [one.output, one.index]),
    [
      ['kind', 0],
      ['kind', 1],
    ],
  );

  const element = await record('--target', 'pixels:[1,2,0]', '--method', 'saliency');
  t.deepEqual(element.targets[0].definition, {
    kind: 'element',
    index: [1, 2, 0],
    output: 'pixels',
  });

  const masked = await record(
    '--output',
    'pixels',
    '--target',
    '2',
    '--mask',
    mask,
    '--method',
    'saliency',
  );
  const found = masked.targets[0].definition;
  t.is(found.kind, 'mask');
  t.deepEqual(
    found.mask?.data,
    Array.from({ length: 24 }, (_, i) => (i % 6 === 4 ? 1 : 0)),
  );
  // one pixel of it alone has the score of the element there
  const one = await record('--target', 'pixels:[0,4,2]', '--method', 'saliency');
  t.true(Math.abs(one.targets[0].score - masked.targets[0].score) < 1e-5);

  for (const [args, code, message] of [
    [['--output', 'other'], 2, /no output 'other'; its outputs are kind, colour, pixels.*--out/],
    [['--mask', mask], 2, /needs an output \[height, width, classes\]/],
    [['--output', 'pixels', '--mask', mask], 2, /--mask goes with a class/],
    [['--image', `left=${b}`, '--target', '0'], 2, /'left' is given two pictures/],
    [[b, '--target', '0'], 2, /names no input/],
    [['--target', 'kind:1@colour'], 2, /two outputs/],
  ] as const) {
    const done = await whylensHere([...shared, '-o', out, '--force', ...args]);
    t.is(done.code, code, done.stderr);
    t.regex(done.stderr, message);
  }
  const missing = await whylensHere([
    'explain',
    '-m',
    model,
    '--image',
    `left=${a}`,
    '-o',
    out,
    '--force',
  ]);
  t.is(missing.code, 4);
  t.regex(missing.stderr, /exactly the keys left, right/);
});

test.serial('predict, compare and evaluate take outputs, masks and inputs alike', async (t) => {
  const { folder, model, a, b, mask } = await written(t);
  const files = ['-m', model, '--preprocess', 'unit', '--image', `left=${a}`, `right=${b}`];
  const run = async (command: string, ...args: string[]): Promise<string> => {
    const done = await whylensHere([command, ...files, ...args]);
    t.is(done.code, 0, done.stderr);
    return done.stdout;
  };

  type Predicted = readonly { outputs: readonly { output: string; top: unknown[] }[] }[];
  const all = JSON.parse(await run('predict', '--json')) as Predicted;
  t.true(all[0].outputs.some(({ output }) => output === 'kind'));
  const colour = JSON.parse(await run('predict', '--json', '--output', 'colour')) as Predicted;
  t.deepEqual(
    colour[0].outputs,
    all[0].outputs.filter(({ output }) => output === 'colour'),
  );
  t.is(colour[0].outputs.length, 1);

  const evaluated = async (...args: string[]): Promise<unknown> => {
    const text = await run('evaluate', '--metric', 'deletion', '--json', '-', ...args);
    const { results } = JSON.parse(text) as { results: readonly { evaluation: unknown }[] };
    return (results[0].evaluation as { values: unknown }).values;
  };
  const left = await evaluated('--target', 'kind:1');
  const right = await evaluated('--output', 'colour', '--target', '1', '--for-input', 'right');
  t.notDeepEqual(left, right);
  const saliency = ['--method', 'saliency', '--output', 'pixels', '--target', '2'];
  t.notDeepEqual(await evaluated(...saliency, '--mask', mask), left);

  const out = join(folder, 'figure.svg');
  const figure = async (...args: string[]): Promise<string> => {
    await run('compare', '--method', 'saliency', '-o', out, '--force', ...args);
    return readFile(out, 'utf8');
  };
  const plain = await figure('--target', '1');
  t.not(await figure('--target', '1', '--output', 'colour', '--for-input', 'right'), plain);
  t.not(await figure('--target', '1', '--output', 'pixels', '--mask', mask), plain);

  for (const command of ['predict', 'compare', 'evaluate']) {
    const done = await whylensHere(
      [command, ...files, '--output', 'other', '-o', out].slice(
        0,
        command === 'compare' ? undefined : -2,
      ),
    );
    t.is(done.code, 2, done.stderr);
    t.regex(done.stderr, /no output 'other'; its outputs are kind, colour/);
  }
});
