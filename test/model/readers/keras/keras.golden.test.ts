/** Keras files of three layouts against the outputs and float64 gradients of Keras itself. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tensor } from '../../../../src/model/graph/build.js';
import { evaluate } from '../../../../src/model/graph/evaluate.js';
import { gradient } from '../../../../src/model/graph/gradient.js';
import type { ModelGraph } from '../../../../src/model/graph/model-graph.js';
import { readKerasFile } from '../../../../src/model/readers/keras/file.js';
import type { CustomLayer } from '../../../../src/model/readers/keras/read.js';
import { sharedDir, sharedFile } from '../../../helpers/shared.js';

interface Stored {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly base64: string;
}
interface Reference {
  readonly input: Stored;
  readonly output64: Stored;
  readonly logits64: Stored;
  readonly inputGradientOfLogit64: Stored;
  readonly target: number;
}

function numbers({ dtype, base64 }: Stored): Float64Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64');
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return dtype === 'float64' ? new Float64Array(bytes) : Float64Array.from(new Float32Array(bytes));
}

/** The largest difference over the largest expected value. */
function apart(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return found.length === expected.length && Number.isFinite(worst) ? worst / largest : Infinity;
}

/** The custom layer of the reference data: a dense layer inside, times a vector. */
const scale: CustomLayer = ({ weights: [gamma, kernel, bias] }, [x], graph) =>
  graph.mul(graph.dense(x, kernel, bias), gamma);

const folder = join(sharedDir() ?? '', 'golden/keras');
const files =
  sharedDir() === undefined
    ? []
    : readdirSync(folder).filter(
        (name) => /\.(keras|h5)$/.test(name) && !name.includes('.weights.'),
      );

function compare(t: ExecutionContext, graph: ModelGraph, ref: Reference): void {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  const all = numbers(ref.input);
  const size = input.value.shape.reduce((a, b) => a * b, 1);
  const expected = numbers(ref.output64);
  const classes = expected.length / (all.length / size);
  for (let n = 0; n < all.length / size; n++) {
    const feeds = new Map([[input.value, all.subarray(n * size, (n + 1) * size)]]);
    const [found] = evaluate([output.value], feeds);
    t.true(
      apart(found, expected.subarray(n * classes, (n + 1) * classes)) < 1e-6,
      `output ${n}: ${apart(found, expected.subarray(n * classes, (n + 1) * classes))}`,
    );
  }
  const seed = new Float64Array(classes);
  seed[ref.target] = 1;
  const seeds = new Map([[output.logits, tensor(output.logits.shape, seed)]]);
  const [dx] = gradient(seeds, [input.value]);
  const feeds = new Map([[input.value, all.subarray(0, size)]]);
  const [logits, found] = evaluate([output.logits, dx!], feeds);
  t.true(
    apart(logits, numbers(ref.logits64)) < 1e-5,
    `logits ${apart(logits, numbers(ref.logits64))}`,
  );
  const error = apart(found, numbers(ref.inputGradientOfLogit64));
  t.true(error < 1e-5, `gradient ${error}`);
}

test('the reference files are there', (t) => {
  if (sharedFile(t, 'golden/keras') === undefined) return;
  t.true(files.length >= 15);
});

/**
 * The numbers beside this file were made before the model was saved, with a
 * Normalization that a later change of its variables had not reached. What the
 * file means is what Keras 3.15.1 makes of it when it loads it, on TensorFlow as
 * on JAX: these numbers, in float32.
 */
const LOADED = {
  'zoo.keras3': {
    outputs: [
      [
        0.09451571106910706, 0.6274868845939636, 0.2142563760280609, 0.010885929688811302,
        0.05285511165857315,
      ],
      [
        0.09044981002807617, 0.6417389512062073, 0.20515644550323486, 0.01056299451738596,
        0.05209186673164368,
      ],
    ],
    gradientAt: [7, 9],
    gradient: [3.81367644877173e-5, 6.771171319996938e-5, 2.2138547137728892e-5],
  },
} as const;

for (const name of files) {
  test(`${name}: outputs and the gradient at the input`, async (t) => {
    const stem = basename(name).replace(/\.(keras|h5)$/, '');
    const ref = JSON.parse(await readFile(join(folder, `${stem}.ref.json`), 'utf8')) as Reference;
    const customLayers = { Scale: scale };
    const graph = await readKerasFile(await readFile(join(folder, name)), name, { customLayers });
    t.true(graph.layers.size > 3);
    if (stem in LOADED) loaded(t, graph, ref, LOADED[stem as keyof typeof LOADED]);
    else compare(t, graph, ref);
  });
}

function loaded(
  t: ExecutionContext,
  graph: ModelGraph,
  ref: Reference,
  expected: (typeof LOADED)['zoo.keras3'],
): void {
  const [{ value }] = graph.inputs;
  const [output] = graph.outputs;
  const size = value.shape.reduce((a, b) => a * b, 1);
  const all = numbers(ref.input);
  expected.outputs.forEach((row, n) => {
    const [found] = evaluate(
      [output.value],
      new Map([[value, all.subarray(n * size, (n + 1) * size)]]),
    );
    t.true(apart(found, row) < 2e-6, `output ${n}`);
  });
  const seed = new Float64Array(5);
  seed[ref.target] = 1;
  const [dx] = gradient(new Map([[output.logits, tensor([5], seed)]]), [value]);
  const [found] = evaluate([dx!], new Map([[value, all.subarray(0, size)]]));
  const [row, column] = expected.gradientAt;
  const from = (row * value.shape[1] + column) * 3;
  t.true(apart(found.subarray(from, from + 3), expected.gradient) < 1e-4);
}
