import { explainer, type Explained, type ExplainContext } from '../src/container/plugin.js';
import { permutationPlan, type PermutationPlan } from '../src/maths/permutation-shap.js';
import { shapleyPlan } from '../src/maths/shapley.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';
import { explainRowGames } from './shared/tabular/explain-row-games.js';
import { GROUPS_OPTION } from './shared/tabular/groups.js';
import { ROW_SHAP_OPTIONS, weightedBackground } from './shared/tabular/kernel-shap-rows.js';
import { Progress, rowTask, textTask } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice, refuseOptions } from './shared/tabular/options.js';
import { asRecords, spansTarget, targetBase, type SampleRecord } from './shared/tabular/records.js';
import { scoresFor } from './shared/tabular/targets.js';
import { textGame } from './shared/tabular/text-game.js';
import { partNames, UNIT_OPTIONS } from './shared/tabular/words.js';

const { background, backgroundSize } = ROW_SHAP_OPTIONS;

const options = {
  permutations: {
    type: 'number',
    integer: true,
    min: 1,
    default: 10,
    help: 'orders in which features are put in; each is walked forwards and backwards',
  },
  background,
  backgroundSize,
  ...GROUPS_OPTION,
  ...UNIT_OPTIONS,
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Shapley values by sampled orders (Strumbelj and Kononenko 2014; antithetic
 * pairs, Mitchell et al. 2022, arXiv 2104.12199): features are put in one after
 * the other, in a random order and then in its reverse, and each gets the mean
 * of what the score gains when it comes in. The weights sum exactly to the
 * score minus `parameters.baseValue`, and `std` is the standard error of each.
 *
 * For rows of many features, in which those left out have the values of `background` rows; for
 * texts, in which words are left out. Exact for models without interactions of
 * more than two features. Prefer `kernel-shap` up to eleven features.
 */
export const permutationShap = explainer({
  id: 'permutation-shap',
  summary: 'Shapley values from sampled orders',
  family: 'tabular',
  description:
    "Each feature's share of the difference between the score and the base value (Shapley value), from sampled orders; negative features lower the score.",
  reference: 'Štrumbelj 2014',
  cost: '20 × features × background rows forward (permutations)',
  needs: {},
  seeded: true,
  documents: ['features', 'text'],
  records: ['feature-weights', 'weighted-spans'],
  options,

  explain(context) {
    return context.tabular?.documents === 'texts' ? ofTexts(context) : ofRows(context);
  },
});

type Context = ExplainContext<OptionValues<typeof options>>;

async function ofRows(context: Context): Promise<Explained> {
  const task = rowTask(context);
  refuseOptions('row', options, context.options, Object.keys(UNIT_OPTIONS));
  const { permutations } = context.options;
  const others = await weightedBackground(context, task.model);
  return explainRowGames(context, task, {
    background: others,
    planOf: (players) => permutationPlan(players, permutations, context.seed),
    share(plan, values) {
      const { weights, errors } = plan.estimate(values);
      // one order does not tell how far another would be off
      return permutations > 1 ? { weights, errors } : { weights };
    },
    parameters: () => ({ background: `${others.rows.length} rows` }),
  });
}

/** All versions of the text, if the sampled orders would ask for as many: the values are then exact. */
function planFor(players: number, permutations: number, seed: number): PermutationPlan {
  const sampled = permutationPlan(players, permutations, seed);
  if (players > 20 || 2 ** players > sampled.count) return sampled;
  const all = shapleyPlan(players, 2 ** players, seed);
  return {
    ...all,
    estimate: (values) => ({ weights: all.solve(values), errors: new Float64Array(players) }),
  };
}

async function ofTexts(context: Context): Promise<Explained> {
  refuseOptions('text', options, context.options, ['background', 'backgroundSize', 'groups']);
  const { model, texts } = textTask(context);
  const { permutations, unit, replaceWith } = context.options;
  const prediction = await model.predict(texts, { signal: context.batch.signal });
  const games = texts.map((text) => textGame(model, text, { unit, replaceWith, usual: 'mask' }));
  const plans = games.map(({ parts }) => planFor(parts.length, permutations, context.seed));
  const progress = new Progress(
    context,
    plans.reduce((sum, { count }) => sum + count, 0),
  );
  const choice = featureChoice(context.options);
  const samples: SampleRecord[] = [];
  for (const [n, text] of texts.entries()) {
    const { shown, count } = plans[n];
    const { parts: own, replacedBy } = games[n];
    const scores = scoresFor(
      model,
      prediction,
      n,
      context.targets[n],
      context.score,
      context.labels,
    );
    const versions = Array.from({ length: count }, (_, c) =>
      shown.subarray(c * own.length, (c + 1) * own.length),
    );
    const values = await games[n].scores(context, versions, scores, progress);
    const names = partNames(own);
    samples.push({
      targets: scores.map((of, t) => {
        const { weights, errors } = plans[n].estimate(values[t]);
        const features = own.map(({ start, end }, i) => ({
          feature: names[i],
          weight: weights[i],
          ...(permutations > 1 && !plans[n].exact && { std: errors[i] }),
          spans: [[start, end] as const],
        }));
        return spansTarget(targetBase(of, model, prediction, n), text, features, { choice });
      }),
      parameters: {
        parts: own.length,
        exact: plans[n].exact,
        replacedBy,
        baseValue: values.length === 1 ? values[0][0] : values.map((list) => list[0]),
      },
    });
  }
  return asRecords(model, 'weighted-spans', samples);
}
