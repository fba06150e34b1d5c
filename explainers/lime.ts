import { explainer } from '../src/container/plugin.js';
import type { JsonValue, NdArray } from '../src/explanation.js';
import { evenCoalitions } from '../src/maths/coalitions.js';
import { ridge } from '../src/maths/least-squares.js';
import { cosineKernel, weightedFit } from '../src/maths/lime.js';
import { BASELINE_OPTIONS } from './shared/baseline-option.js';
import { runPlain } from './shared/input-calls.js';
import { REGION_OPTIONS, regionMap, regionsOf, scoreCoalitions } from './shared/regions.js';
import type { OptionSpecs } from '../src/options.js';

const options = {
  samples: {
    type: 'number',
    calls: true,
    integer: true,
    min: 2,
    default: 1000,
    help: 'versions of the input with regions hidden at random, one forward pass each',
  },
  ...REGION_OPTIONS,
  ...BASELINE_OPTIONS,
  kernelWidth: {
    type: 'number',
    min: 0.001,
    default: 0.25,
    help: 'how fast versions count less the more of them is hidden',
  },
  alpha: {
    type: 'number',
    min: 0,
    default: 1,
    help: 'ridge penalty of the linear model',
  },
} as const satisfies OptionSpecs;

/**
 * LIME for pictures (Ribeiro et al. 2016, section 3): superpixels are hidden
 * at random, and a ridge regression of the score on what is shown, weighted by
 * closeness to the picture, gives every superpixel its weight. Closeness is
 * √exp(−d²/w²) with d the cosine distance between what is shown and everything.
 * Each position has its region's weight; signed, in units of the score.
 *
 * Works for any model that predicts. Regions equal to the baseline and
 * repeated versions are not run. How well the linear model fits (R²) is recorded.
 *
 * Prefer `kernel-shap` for weights that add up to the score.
 */
export const lime = explainer({
  id: 'lime',
  summary: 'a linear model of regions, fitted around the picture',
  family: 'perturbation',
  description:
    'What each region adds to the score in a linear model fitted around the picture; negative regions lower it.',
  reference: 'Ribeiro 2016',
  cost: '1 + 1000 forward (samples)',
  needs: {},
  seeded: true,
  documents: ['image', 'array'],
  options,

  async explain(context) {
    const { samples, kernelWidth, alpha } = context.options;
    const regions = regionsOf(context);
    const coalitions = regions.map(({ playerCount }) =>
      playerCount === 0
        ? { rows: [], weights: new Float64Array() }
        : evenCoalitions(playerCount, samples, context.seed),
    );
    const plain = await runPlain(context);
    const rows = coalitions.map((c) => c.rows);
    const scores = await scoreCoalitions(context, plain, regions, rows);
    const facts: Record<string, JsonValue>[] = [];
    const maps = regions.map((region, n): NdArray[] => {
      if (region.playerCount === 0) {
        context.warn('the picture equals the baseline everywhere: nothing can be hidden', n);
        facts.push({ regions: 0, fit: plain.scores[n].map(() => null) });
        return plain.targets[n].map(() => regionMap(region, []));
      }
      // the picture itself is always among the versions, at no cost
      const whole = new Uint8Array(region.playerCount).fill(1);
      const weights = [...coalitions[n].weights].map(
        (count, i) => count * cosineKernel(rows[n][i], kernelWidth),
      );
      const observed = {
        rows: [...rows[n], whole],
        weights: [...weights, 1],
        values: scores[n].map((list, t) => [...list, plain.scores[n][t]]),
      };
      const fits = ridge(observed, alpha);
      facts.push({ regions: region.playerCount, fit: weightedFit(observed, fits) });
      return fits.map(({ coefficients }) => regionMap(region, coefficients));
    });
    return { kind: 'maps', outputs: plain.outputs, maps, facts };
  },
});
