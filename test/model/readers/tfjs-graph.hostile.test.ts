/** Graphs that are damaged: every one is read or refused by name, soon. */
import test from 'ava';
import { isWhylensError } from '../../../src/errors.js';
import { seededRandom } from '../../../src/maths/random.js';
import { readTfjsGraph } from '../../../src/model/readers/tfjs-graph/read.js';
import type { TfjsGraph } from '../../../src/model/readers/tfjs-graph/read.js';
import { GraphBuilder } from '../../helpers/graph.js';

const TRIALS = 400;

function whole(): TfjsGraph {
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 6, 6, 3]);
  g.constant('k', [3, 3, 3, 4], new Float32Array(108).fill(0.1));
  g.constant('b', [4], [0.1, 0.2, 0.3, 0.4]);
  g.op('_FusedConv2D', 'conv', ['x', 'k', 'b'], {
    strides: [1, 2, 2, 1],
    padding: 'SAME',
    dilations: [1, 1, 1, 1],
    data_format: 'NHWC',
    num_args: 1,
    fused_ops: ['BiasAdd', 'Relu'],
  });
  g.op('Shape', 'shape', ['conv'], { out_type: 'DT_INT32' });
  g.op('StridedSlice', 'n', ['shape', g.ints('from', [0]), g.ints('to', [1]), g.ints('by', [1])], {
    shrink_axis_mask: 1,
  });
  g.op('Pack', 'flat', ['n', g.int('rest', 36)], { N: 2, axis: 0 });
  g.op('Reshape', 'r', ['conv', 'flat']);
  g.constant('w', [36, 2], new Float32Array(72).fill(0.1));
  g.op('MatMul', 'm', ['r', 'w'], { transpose_a: false, transpose_b: false });
  g.op('Softmax', 'y', ['m']);
  return g.graph({ inputs: { x: 'x:0' }, outputs: { y: 'y:0' } });
}

/** A number, a text or an object of the file becomes another, or goes. */
function damaged(text: string, seed: number): unknown {
  const { uniform } = seededRandom(seed);
  const any = (n: number): number => Math.floor(uniform() * n);
  const json = JSON.parse(text) as unknown;
  const places: [Record<string, unknown>, string][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(json);
  for (let i = 0; i <= any(3); i++) {
    const [object, key] = places[any(places.length)];
    const other = places[any(places.length)];
    const values = [null, -1, 0, '1000000000', '', [], {}, 1e300, 'Add', other[0][other[1]], 'x'];
    const value = values[any(values.length + 1)];
    if (value === undefined) Reflect.deleteProperty(object, key);
    else object[key] = value;
  }
  // what a file can hold
  return JSON.parse(JSON.stringify(json)) as unknown;
}

test('a graph with anything in it changed is read or refused by name', (t) => {
  const file = whole();
  const text = JSON.stringify({ topology: file.topology, signature: file.signature });
  let refused = 0;
  const started = process.cpuUsage();
  for (let seed = 1; seed <= TRIALS; seed++) {
    const json = damaged(text, seed) as { topology: unknown; signature: unknown } | null;
    try {
      readTfjsGraph({ weights: file.weights, ...json! }, { name: 'damaged' });
    } catch (error) {
      refused++;
      if (!isWhylensError(error)) t.fail(`seed ${seed}: ${String((error as Error).stack)}`);
    }
  }
  const { user } = process.cpuUsage(started);
  t.true(refused > TRIALS / 4, String(refused));
  t.true(user / 1e6 < TRIALS / 2, `${user / 1e6} seconds`);
});

test('a graph that calls itself, and one that never ends', (t) => {
  const g = new GraphBuilder();
  g.placeholder('x', [-1, 2]);
  g.function('again', ['a'], { out: 'c:output:0' }, (f) =>
    f.op('PartitionedCall', 'c', ['a'], { f: ['again'] }),
  );
  g.op('PartitionedCall', 'y', ['x'], { f: ['again'] });
  t.throws(() => readTfjsGraph(g.graph(), { name: 'g' }), {
    message: /call each other without end/,
  });
  const endless = new GraphBuilder();
  endless.placeholder('x', [-1, 2]);
  endless.function('yes', ['a'], { out: 'one' }, (f) => f.constant('one', [], [1]));
  endless.function('body', ['a'], { out: 'n:y:0' }, (f) => f.op('Neg', 'n', ['a']));
  endless.op('While', 'y', ['x'], { cond: ['yes'], body: ['body'] });
  t.throws(() => readTfjsGraph(endless.graph(), { name: 'g' }), {
    message: /node 'y' \(While\) is control flow: a loop of more than/,
  });
});
