import { explainer } from '../src/container/plugin.js';
import { splitShape } from '../src/maths/channels.js';
import { sampleOf, sizeOf } from '../src/maths/ndarray.js';
import { randomMask } from '../src/maths/random-masks.js';
import { BASELINE_OPTIONS, baselinesOf } from './shared/baseline-option.js';
import { runPlain } from './shared/input-calls.js';
import { scoreVariants } from './shared/variants.js';
import type { OptionSpecs } from '../src/options.js';

const options = {
  masks: {
    type: 'number',
    calls: true,
    integer: true,
    min: 1,
    default: 4000,
    help: 'random masks, one forward pass each',
  },
  cells: {
    type: 'number',
    integer: true,
    min: 1,
    default: 7,
    help: 'cells of a mask along each axis',
  },
  probability: {
    type: 'number',
    min: 0.001,
    max: 1,
    default: 0.5,
    help: 'probability that a cell is kept',
  },
  ...BASELINE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * RISE (Petsiuk et al. 2018, eq. 5): the mean score over random masks that
 * keep the position, Σ_i s(x ⊙ M_i + b ⊙ (1 − M_i)) · M_i / Σ_i M_i. Each mask
 * is a random grid of 7×7 cells, enlarged (bilinear) and cropped at a random
 * offset of its own. In units of the score, at the input's resolution; only differences inside the
 * map matter, its level is the mean score.
 *
 * Works for any model that predicts. Masks are made one at a time.
 *
 * Prefer `occlusion` for a few hundred passes instead of thousands,
 * `kernel-shap` for shares that add up to the score.
 */
export const rise = explainer({
  id: 'rise',
  summary: 'mean score with a place visible under random masks',
  family: 'perturbation',
  description:
    'The mean score while the place is visible and random other parts are hidden: compare places with one another; the common level has no meaning.',
  reference: 'Petsiuk 2018',
  cost: '1 + 4000 forward (masks)',
  needs: {},
  seeded: true,
  documents: ['image', 'array'],
  options,

  async explain(context) {
    const { masks, ...rest } = context.options;
    const samples = context.inputs[context.input];
    const { space, channels } = splitShape(samples.shape.slice(1));
    const baselines = baselinesOf(context);
    const plain = await runPlain(context);
    const sums = plain.targets.map((list) => list.map(() => new Float64Array(sizeOf(space))));
    const shown = plain.targets.map(() => new Float64Array(sizeOf(space)));
    // a mask is needed when its variant is written and when its score arrives
    const waiting = new Map<number, Float32Array>();
    const maskOf = (index: number) =>
      waiting.get(index) ?? randomMask(space, index, { ...rest, seed: context.seed });
    await scoreVariants(
      context,
      plain,
      {
        count: () => masks,
        write(n, index, into) {
          const mask = maskOf(index);
          waiting.set(index, mask);
          const { data } = sampleOf(samples, n);
          const from = baselines[n].data;
          for (let i = 0; i < into.length; i++) {
            const keep = mask[Math.floor(i / channels)];
            into[i] = keep * data[i] + (1 - keep) * from[i];
          }
        },
      },
      (n, index, scores) => {
        const mask = maskOf(index);
        waiting.delete(index);
        for (let p = 0; p < mask.length; p++) shown[n][p] += mask[p];
        scores.forEach((score, t) => {
          const sum = sums[n][t];
          for (let p = 0; p < mask.length; p++) sum[p] += score * mask[p];
        });
      },
    );
    const maps = sums.map((list, n) =>
      list.map((sum) => ({
        shape: space,
        data: Float32Array.from(sum, (v, p) => (shown[n][p] === 0 ? 0 : v / shown[n][p])),
      })),
    );
    return { kind: 'maps', outputs: plain.outputs, maps };
  },
});
