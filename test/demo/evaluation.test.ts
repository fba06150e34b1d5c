import test from 'ava';
import {
  passesText,
  timeText,
  type EvaluationTable,
  type MethodResult,
} from '../../demo/evaluation.js';
import { evaluationFigure } from '../../demo/evaluation-figure.js';
import { markdownTable, withTable } from '../../demo/evaluation-page.js';
import { counted } from '../../demo/passes.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';

const method = (id: string, mean: number, passed = true): MethodResult => ({
  id,
  family: 'cam',
  options: id === 'rise' ? { masks: 9 } : ({} as Record<string, number>),
  n: 4,
  milliseconds: 1234,
  forward: 3,
  backward: 1,
  metrics: { deletion: { mean, low: mean - 0.1, high: mean + 0.1, n: 4 } },
  randomisation: { n: 2, stages: [], mean: 0.25, passed },
});
const table: EvaluationTable = {
  model: 'm',
  backend: 'wasm',
  scenes: { seed: 1, looked: 9, taken: 4 },
  settings: {},
  boxes: 0.125,
  methods: [method('rise', 0.2), method('random-cam', -0.4, false)],
};

test('passes of a method are counted, forwards and back', async (t) => {
  const of = async (id: string, options: object = {}) => {
    const { model, passes } = counted(fakeClassifier());
    await explainPrediction(model, fakeInputs([6, 8, 3]), { method: id, ...options });
    return passesText(passes);
  };
  t.is(await of('grad-cam'), '1 + 1');
  t.is(await of('grad-cam', { targets: [0, 1, 2] }), '1 + 3');
  t.is(await of('random-cam'), '1');
  t.is(await of('rise', { masks: 10 }), '11');
});

test('times as people read them', (t) => {
  t.deepEqual([3.21, 47.6, 1500].map(timeText), ['3.2 ms', '48 ms', '1.5 s']);
});

test('the table: a row a method, unmeasured cells marked, failures named', (t) => {
  const [head, , rise, random] = markdownTable(table).split('\n');
  t.regex(head, /deletion ↓/);
  t.regex(
    rise,
    /^\| `rise` \(masks 9\) \| – .* 0\.20 <sub>0\.10–0\.30<\/sub> .* 0\.25 \| 3 \+ 1 \| 1\.2 s \| 4 \|$/,
  );
  t.regex(random, /−0\.40 <sub>−0\.50–−0\.30<\/sub> .*\*\*fails\*\*/);
  const page = 'a\n<!-- table: written by npm run evaluate -->\nold\n<!-- end of table -->\nb\n';
  const once = withTable(page, table);
  t.true(once.startsWith('a\n') && once.endsWith('\nb\n') && !once.includes('old'));
  t.is(withTable(once, table), once);
  t.throws(() => withTable('no marks', table), { message: /must hold/ });
});

test('the picture names every method and stays inside itself', (t) => {
  const { shapes, width, height } = evaluationFigure(table);
  for (const { id } of table.methods) {
    t.true(
      shapes.some((shape) => shape.kind === 'text' && shape.text === id),
      id,
    );
  }
  for (const shape of shapes) {
    const points = shape.kind === 'line' ? shape.points : [[shape.x, shape.y] as const];
    for (const [x, y] of points) t.true(x >= 0 && x <= width && y >= 0 && y <= height);
  }
});
