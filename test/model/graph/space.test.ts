/** Where axes come from, and which layers are not evidence for a map. */
import test from 'ava';
import { CompiledModel } from '../../../src/model/compiled.js';
import { referenceExecutor } from '../../../src/model/executors/reference.js';
import * as b from '../../../src/model/graph/build.js';
import * as c from '../../../src/model/graph/composites.js';
import type { GraphLayer, ModelGraph } from '../../../src/model/graph/model-graph.js';
import { axisOrigins, isNoMap } from '../../../src/model/graph/space.js';
import type { Value } from '../../../src/model/graph/value.js';
import { chooseLayer } from '../../../src/model/layers.js';
import { drawn } from '../../helpers/values.js';

const picture = b.input('picture', [6, 4, 3]);
const map = b.relu(
  c.convolution(picture, drawn([3, 3, 3, 5]), undefined, { low: [1, 1], high: [1, 1] }),
);
const originsOf = (v: Value): readonly unknown[] => axisOrigins([v], [picture]).get(v)!;

test('axes through convolutions, moves, tokens and products', (t) => {
  t.deepEqual(originsOf(map), [0, 1, 'channels']);
  t.deepEqual(originsOf(b.transpose(map, [2, 0, 1])), ['channels', 0, 1]);
  const tokens = b.reshape(map, [24, 5]);
  t.deepEqual(originsOf(tokens), ['tokens', 'channels']);
  t.deepEqual(originsOf(c.dense(tokens, drawn([5, 7]))), ['tokens', 'channels']);
  t.deepEqual(originsOf(b.reshape(map, [6, 20])), [0, 'mixed']);
  t.deepEqual(originsOf(b.add(map, c.globalAveragePool(map, true))), [0, 1, 'channels']);
  const scores = b.matMul(tokens, tokens, false, true);
  t.deepEqual(originsOf(scores), ['tokens', 'tokens']);
  // a map laid out transposed is not a grid in the picture's order
  t.deepEqual(originsOf(b.reshape(b.transpose(map, [1, 0, 2]), [24, 5])), [undefined, 'channels']);
});

test('channels moved first, rows as a sequence and scores of tokens are not maps', (t) => {
  const none = (v: Value): boolean => isNoMap(axisOrigins([v], [picture]).get(v)!, v.shape);
  const mean = b.transpose(c.globalAveragePool(map, true), [2, 0, 1]);
  t.true(none(b.transpose(map, [2, 0, 1])));
  t.true(none(b.reshape(map, [6, 20])));
  const tokens = b.reshape(map, [24, 5]);
  t.true(none(b.matMul(tokens, tokens, false, true)));
  t.false(none(tokens));
  t.false(none(map));
  t.deepEqual(mean.shape, [5, 1, 1]);
  t.true(none(mean));
});

test('a layer that is not a map is not taken by default', (t) => {
  const layer = (path: string, value: Value): [string, GraphLayer] => [
    path,
    { path, kind: 'Layer', value, parameters: 0, inputs: ['before'] },
  ];
  const moved = b.transpose(map, [2, 0, 1]);
  const rows = b.reshape(map, [6, 20]);
  const logits = c.dense(b.reshape(b.sum(rows, [0]), [20]), drawn([20, 3]));
  const graph: ModelGraph = {
    name: 'moved',
    format: 'values',
    inputs: [{ name: 'picture', value: picture }],
    outputs: [{ name: 'scores', value: b.softmax(logits), logits, activation: 'softmax' }],
    layers: new Map([layer('map', map), layer('moved', moved), layer('rows', rows)]),
  };
  const description = new CompiledModel(graph, referenceExecutor).describe();
  t.is(chooseLayer(description).path, 'map');
  t.deepEqual(
    description.layers.map(({ space }) => space),
    [undefined, 'none', 'none'],
  );
});
