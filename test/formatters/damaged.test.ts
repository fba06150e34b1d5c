/** No formatter draws or writes anything of a record that is damaged. */
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { isWhylensError } from '../../src/errors.js';
import {
  EXPLANATION_KINDS,
  type Explanation,
  type ExplanationKind,
} from '../../src/explanation.js';
import { records } from '../helpers/records.js';

/** A record that may be written to. */
type Loose = { [key: string]: Loose } & { data: Float32Array; spans: Loose[]; length: number };
type Damage = (record: Loose) => void;

const set =
  (path: string, value: unknown): Damage =>
  (record) => {
    const names = path.split('.');
    const last = names.pop()!;
    const place = names.reduce<Record<string, unknown>>(
      (at, name) => at[name] as Record<string, unknown>,
      record,
    );
    if (value === undefined) delete place[last];
    else place[last] = value;
  };

const MAP = 'targets.0.heatmap';

const DAMAGES: readonly (readonly [ExplanationKind, string, Damage])[] = [
  ['image', 'too few values', set(`${MAP}.data`, new Float32Array(7))],
  ['image', 'a value that is not a number', set(`${MAP}.data.5`, NaN)],
  ['image', 'a map of another rank', set(`${MAP}.shape`, [48])],
  ['image', 'an empty map', set(MAP, { shape: [0, 0], data: new Float32Array(0) })],
  ['image', 'a shape that is not whole', set(`${MAP}.shape`, [4.8, 10])],
  ['image', 'a plain list for a map', set(`${MAP}.data`, new Array(48).fill(0))],
  ['image', 'no map', set(MAP, undefined)],
  ['image', 'too few samples', set('image.data', new Uint8ClampedArray(9))],
  ['image', 'no picture', set('image', undefined)],
  ['image', 'no targets', set('targets', undefined)],
  ['image', 'a score that is none', set('targets.0.score', NaN)],
  ['image', 'a label that is not text', set('targets.0.label', 7)],
  ['image', 'no parameters', set('parameters', undefined)],
  ['image', 'warnings that are not a list', set('warnings', 'careful')],
  ['image', 'an unknown kind', set('kind', 'hologram')],
  ['signal', 'too few samples', set('signal.data', new Float32Array(7))],
  ['signal', 'a sample that is none', set('signal.data.3', NaN)],
  ['signal', 'an infinite value', set(`${MAP}.data.3`, Infinity)],
  ['volume', 'too few voxels', set('volume.data', new Float32Array(7))],
  ['volume', 'a voxel that is none', set('volume.data.1', NaN)],
  ['volume', 'too few values', set(`${MAP}.data`, new Float32Array(59))],
  ['concepts', 'a value that is not a number', set('concepts.1.heatmap.data.1', NaN)],
  ['concepts', 'a map of another rank', set('concepts.1.heatmap.shape', [1, 6, 8])],
  ['feature-weights', 'a weight that is none', set('targets.0.featureWeights.pos.0.weight', NaN)],
  [
    'weighted-spans',
    'a place behind the end',
    set('targets.0.weightedSpans.documents.0.spans.0.spans', [[5, 9999]]),
  ],
  [
    'weighted-spans',
    'a place that ends before it begins',
    set('targets.0.weightedSpans.documents.0.spans.0.spans', [[5, 3]]),
  ],
  ['feature-importances', 'an infinite weight', set('importances.0.weight', Infinity)],
  ['feature-importances', 'less than nothing remaining', set('remaining', -3)],
  ['decision-tree', 'a threshold that is none', set('tree.threshold', NaN)],
  ['decision-tree', 'a node with one child', set('tree.left', undefined)],
  ['decision-tree', 'a tree inside itself', (record) => (record.tree.left = record.tree)],
  ['transition-features', 'a row too short', set('coefficients.1', [1])],
  ['transition-features', 'a weight that is none', set('coefficients.1.0', NaN)],
];

const { formatters } = registryOf(createContainer());

for (const [kind, name, damage] of DAMAGES) {
  test(`${kind} with ${name} is refused by every formatter`, (t) => {
    const record = structuredClone(records[kind]);
    damage(record as unknown as Loose);
    for (const formatter of formatters.values()) {
      if (!formatter.kinds.includes(kind)) continue;
      const error = t.throws(() => formatter.format(record, {}), undefined, formatter.id);
      t.true(isWhylensError(error, 'INVALID_EXPLANATION'), `${formatter.id}: ${error}`);
    }
  });
}

test('what is not a record at all is refused by every formatter', (t) => {
  for (const nothing of [null, undefined, 7, 'a cat', {}]) {
    for (const formatter of formatters.values()) {
      const error = t.throws(() => formatter.format(nothing as unknown as Explanation, {}));
      t.true(isWhylensError(error, 'INVALID_EXPLANATION'), `${formatter.id}: ${error}`);
    }
  }
});

test('a field that no record has is ignored, and is not stored', (t) => {
  for (const kind of EXPLANATION_KINDS) {
    const record = { ...records[kind], note: 'by me' };
    for (const formatter of formatters.values()) {
      if (!formatter.kinds.includes(kind)) continue;
      if (formatter.id === 'json') t.throws(() => formatter.format(record, {}));
      else t.deepEqual(formatter.format(record, {}), formatter.format(records[kind], {}));
    }
  }
});
