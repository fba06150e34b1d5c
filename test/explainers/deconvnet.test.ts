import test from 'ava';
import { deconvnet } from '../../explainers/deconvnet.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { rectifiedByHand } from '../helpers/rectified.js';

const method = deconvnet;

test('by hand: positive gradients pass, through shut units too', async (t) => {
  const { model, input } = rectifiedByHand();
  const { maps } = await mapsOf(method, model, input, { targets: [classTarget(0)] });
  // unit a: 2·[1, −1, 2, 0]; unit b: gradient −3, nothing; unit c: shut, yet 5·[−1, 0, 0, 0]
  closeTo(t, maps[0][0], mapOf([[2 - 2 - 5, 4]]));
});

test('the reductions look at the channels differently', async (t) => {
  const { model, input } = rectifiedByHand();
  const run = async (reduce: string) =>
    (await mapsOf(method, model, input, { targets: [classTarget(0)], options: { reduce } }))
      .maps[0][0];
  closeTo(t, await run('max'), mapOf([[3, 4]]));
  closeTo(t, await run('mean'), mapOf([[2.5, 2]]));
});
