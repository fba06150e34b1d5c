import test from 'ava';
import { pathContributions } from '../../../src/maths/trees/path.js';
import { treeShap } from '../../../src/maths/trees/shap.js';
import { goldenCases, neutralTrees, rowsOf, worst } from '../../helpers/tabular.js';

const ROWS = 5;

test('decision paths are those of the reference, to 1e-12', (t) => {
  for (const { name, read } of goldenCases(t, '2-trees', 'decision-path.json')) {
    const { trees, decide, features, outputs, base } = neutralTrees(read('trees.json'));
    const expected = read('decision-path.json');
    const rows = rowsOf(read('data.json').X, ROWS);
    const { contributions, bias } = pathContributions(trees, decide, rows, { features, outputs });
    const error = worst(contributions, expected.contributions.data);
    t.true(error < 1e-12, `${name}: contributions differ by ${error}`);
    const whole = rows.flatMap(() => [...bias].map((value, k) => value + base[k]));
    t.true(worst(whole, expected.bias.data) < 1e-12, `${name}: bias`);
  }
});

test('Tree SHAP, both kinds, and its interactions are the enumerated ones, to 1e-9', (t) => {
  for (const { name, read } of goldenCases(t, '2-trees', 'exact.json')) {
    const { trees, decide, features, outputs, base } = neutralTrees(read('trees.json'));
    const exact = read('exact.json');
    const data = read('data.json');
    const rows = rowsOf(data.X, ROWS);
    for (const kind of ['tree_path_dependent', 'interventional'] as const) {
      const expected = exact[kind];
      if (expected === undefined) continue;
      const background = kind === 'interventional' ? rowsOf(data.background) : undefined;
      const options = { features, outputs, background };
      const { values, expected: start } = treeShap(trees, decide, rows, options);
      t.is(values.length, expected.phi.data.length, name);
      const error = worst(values, expected.phi.data);
      t.true(error < 1e-9, `${name} ${kind}: values differ by ${error}`);
      const whole = [...start].map((value, k) => value + base[k]);
      const off = worst(whole, expected.expected_value.data);
      t.true(off < 1e-9, `${name} ${kind}: expected value differs by ${off}`);
      if (expected.interaction === undefined) continue;
      const picked = expected.interaction_rows.map((n: number) => rows[n]);
      const { interactions } = treeShap(trees, decide, picked, { ...options, interactions: true });
      const apart = worst(interactions!, expected.interaction.data);
      t.true(apart < 1e-9, `${name} ${kind}: interactions differ by ${apart}`);
    }
  }
});
