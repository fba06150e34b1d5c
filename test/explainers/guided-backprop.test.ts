import test from 'ava';
import { guidedBackprop } from '../../explainers/guided-backprop.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { rectifiedByHand } from '../helpers/rectified.js';

const method = guidedBackprop;

test('by hand: only positive gradients through open units', async (t) => {
  const { model, input } = rectifiedByHand();
  const { maps } = await mapsOf(method, model, input, { targets: [classTarget(0)] });
  // unit a: open, gradient 2 → 2·[1, −1, 2, 0]; unit b: open, gradient −3 → nothing; unit c: shut
  closeTo(t, maps[0][0], mapOf([[2 - 2, 4 + 0]]));
});

test('the reductions look at the channels differently', async (t) => {
  const { model, input } = rectifiedByHand();
  const run = async (reduce: string) =>
    (await mapsOf(method, model, input, { targets: [classTarget(0)], options: { reduce } }))
      .maps[0][0];
  closeTo(t, await run('max'), mapOf([[2, 4]]));
  closeTo(t, await run('mean'), mapOf([[2, 2]]));
});

test('units at the ceiling of a ReLU6 pass nothing back', async (t) => {
  const { model, input } = rectifiedByHand(1.5);
  const { maps } = await mapsOf(method, model, input, { targets: [classTarget(0)] });
  closeTo(t, maps[0][0], mapOf([[0, 0]]));
});
