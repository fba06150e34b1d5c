/** Kernel SHAP for rows of a table: the part of `kernel-shap` for models of rows. */
import { explainer, type ExplainContext } from '../../../src/container/plugin.js';
import { WhylensError } from '../../../src/errors.js';
import { kMeans } from '../../../src/maths/kmeans.js';
import { shapleyPlan } from '../../../src/maths/shapley.js';
import type { RowModel } from '../../../src/model/tabular/interface.js';
import type { OptionSpecs, OptionValues } from '../../../src/options.js';
import { BACKGROUND_OPTION, backgroundRows } from './background.js';
import { explainRowGames } from './explain-row-games.js';
import { rowList, rowTask } from './model.js';
import { FEATURE_OPTIONS } from './options.js';
import type { WeightedRows } from './row-game.js';
import { GROUPS_OPTION } from './groups.js';

/** Up to this many coalitions of one row are all scored, unless `samples` says otherwise. */
const MOST_COALITIONS = 2048;
/** Above this many players all coalitions would take too long. */
const MOST_PLAYERS = 20;
/** Up to this many background rows are taken as they are; more are put together. */
const MOST_BACKGROUND = 100;

export const ROW_SHAP_OPTIONS = {
  samples: {
    type: 'value',
    default: undefined,
    expects: "a whole number of at least 2, or 'all'",
    check: (value: unknown): value is number | 'all' =>
      value === 'all' || (Number.isInteger(value) && (value as number) >= 2),
    parse: (text) => (text === 'all' ? text : Number(text)),
    help: "coalitions of features that are scored (default: 2048; no more than there are); 'all' for every one",
  },
  ...BACKGROUND_OPTION,
  backgroundSize: {
    type: 'number',
    integer: true,
    min: 1,
    default: MOST_BACKGROUND,
    help: 'a background of more rows is put together into this many by k-means',
  },
  link: {
    type: 'choice',
    choices: ['identity', 'logit'],
    default: 'identity',
    help: "'logit' explains ln(p / (1 − p)) of the averaged output",
  },
  ...GROUPS_OPTION,
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Kernel SHAP for rows (Lundberg and Lee 2017, theorem 2): Shapley values of
 * the features of any model that predicts. A coalition's value is the mean
 * score over the background rows, with the row's own values for the features
 * shown. The weights sum exactly to the score minus `parameters.baseValue`.
 *
 * All coalitions are scored if there are at most 2,048 (eleven features that differ from the
 * background): the values are then exact. If there are more, coalitions are drawn in pairs and the
 * fit is a constrained least squares.
 */
export const kernelShapRows = explainer({
  id: 'kernel-shap',
  family: 'perturbation',
  description:
    "Each feature's fair share (Shapley value) of the difference between the score and the base value; negative features lower the score.",
  reference: 'Lundberg 2017',
  cost: '2048 × background rows forward (samples)',
  needs: {},
  seeded: true,
  documents: ['features'],
  records: ['feature-weights'],
  options: ROW_SHAP_OPTIONS,

  async explain(context) {
    const task = rowTask(context);
    const { samples = MOST_COALITIONS, link } = context.options;
    const background = await weightedBackground(context, task.model);
    const { rows, from } = background;
    return explainRowGames(context, task, {
      background,
      planOf(players) {
        if (samples === 'all' && players > MOST_PLAYERS) {
          throw new WhylensError(
            'INVALID_OPTION',
            `samples 'all' means 2^${players} coalitions for ${players} features that differ from the background; give a number, or put features into groups (at most ${MOST_PLAYERS} are enumerated)`,
          );
        }
        return shapleyPlan(players, samples === 'all' ? Infinity : samples, context.seed);
      },
      ...(link === 'logit' && { link: logit }),
      share: (plan, values) => ({ weights: plan.solve(values) }),
      parameters: ({ count, exact }) => ({
        samples: count,
        coalitions: exact ? 'all' : 'sampled',
        background: `${rows.length} rows${from === undefined ? '' : `, the k-means of ${from}`}`,
      }),
    });
  },
});

/** The background, put together by k-means if it is large. */
export async function weightedBackground(
  context: ExplainContext<
    Pick<OptionValues<typeof ROW_SHAP_OPTIONS>, 'background' | 'backgroundSize'>
  >,
  model: RowModel,
): Promise<WeightedRows & { readonly from?: number }> {
  const table = await backgroundRows(context, model);
  if (table === undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `this method needs rows that stand for unknown values; give option 'background', for instance 100 rows of the training data`,
    );
  }
  const { backgroundSize } = context.options;
  if (table.count <= backgroundSize) {
    return {
      rows: rowList(table),
      weights: new Float64Array(table.count).fill(1 / table.count),
    };
  }
  return { ...kMeans(rowList(table), backgroundSize, context.seed), from: table.count };
}

function logit(p: number): number {
  if (p > 0 && p < 1) return Math.log(p) - Math.log1p(-p);
  throw new WhylensError(
    'INVALID_OPTION',
    `link 'logit' needs averaged scores between 0 and 1, got ${p}; take score: 'output' of a model that gives probabilities, or leave 'link' out`,
  );
}
