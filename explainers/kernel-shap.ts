import { explainer } from '../src/container/plugin.js';
import type { JsonValue, NdArray } from '../src/explanation.js';
import { total } from '../src/maths/channels.js';
import { shapleyCoalitions } from '../src/maths/coalitions.js';
import { withFixedSum } from '../src/maths/least-squares.js';
import { BASELINE_OPTIONS } from './shared/baseline-option.js';
import { kernelShapRows } from './shared/tabular/kernel-shap-rows.js';
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
    help: 'versions of the input with regions hidden, one forward pass each',
  },
  ...REGION_OPTIONS,
  ...BASELINE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Kernel SHAP (Lundberg and Lee 2017, theorem 2): Shapley values of regions,
 * by a least squares fit of the score on which regions are shown, weighted
 * with the Shapley kernel. The values sum to s(x) − s(baseline) exactly: it is a constraint of the
 * fit. Each position has its region's value;
 * signed, in units of the score.
 *
 * Works for any model that predicts. Coalitions that the kernel weighs most
 * are enumerated, the others drawn in pairs with their complements; if there are no more
 * coalitions than `samples`, the values are exact. Regions equal to the
 * baseline are not players, and their value is 0.
 *
 * Prefer `integrated-gradients` for pixels of a model with gradients.
 */
export const kernelShap = explainer({
  id: 'kernel-shap',
  summary: "each region's fair share of the score (Shapley)",
  family: 'perturbation',
  description:
    "Each region's fair share (Shapley value) of the difference between the picture's score and the baseline's; negative regions lower the score.",
  reference: 'Lundberg 2017',
  cost: '2 + 1000 forward (samples)',
  needs: {},
  seeded: true,
  documents: ['image', 'array'],
  options,
  rows: kernelShapRows,

  async explain(context) {
    const { samples } = context.options;
    const regions = regionsOf(context);
    const coalitions = regions.map(({ playerCount }) =>
      shapleyCoalitions(playerCount, samples, context.seed),
    );
    // the empty coalition first: the values count from its score
    const rows = regions.map(({ playerCount }, n) =>
      playerCount === 0 ? [] : [new Uint8Array(playerCount), ...coalitions[n].rows],
    );
    const plain = await runPlain(context);
    const scores = await scoreCoalitions(context, plain, regions, rows);
    const facts: Record<string, JsonValue>[] = [];
    const maps = regions.map((region, n): NdArray[] => {
      if (region.playerCount === 0) {
        context.warn('the picture equals the baseline everywhere: nothing can be hidden', n);
        facts.push({ regions: 0, baselineScore: [...plain.scores[n]] });
        return plain.targets[n].map(() => regionMap(region, []));
      }
      const baselineScores = scores[n].map((list) => list[0]);
      const gains = plain.scores[n].map((score, t) => score - baselineScores[t]);
      const values =
        region.playerCount === 1
          ? gains.map((gain) => Float64Array.of(gain))
          : withFixedSum(
              {
                rows: coalitions[n].rows,
                weights: coalitions[n].weights,
                values: scores[n].map((list, t) =>
                  list.subarray(1).map((score) => score - baselineScores[t]),
                ),
              },
              gains,
            );
      facts.push({
        regions: region.playerCount,
        baselineScore: baselineScores,
        completenessGap: values.map((list, t) => total(list) - gains[t]),
      });
      return values.map((list) => regionMap(region, list));
    });
    return { kind: 'maps', outputs: plain.outputs, maps, facts };
  },
});
