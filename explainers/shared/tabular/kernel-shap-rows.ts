/** Kernel SHAP for rows of a table: the side of `kernel-shap` for models of rows. */
import { featureWeights } from '../../../src/builders/feature-weights.js';
import { explainer, type ExplainContext } from '../../../src/container/plugin.js';
import { WhylensError } from '../../../src/errors.js';
import { kMeans } from '../../../src/maths/kmeans.js';
import { shapleyPlan } from '../../../src/maths/shapley.js';
import type { RowModel } from '../../../src/model/tabular/interface.js';
import type { OptionSpecs, OptionValues } from '../../../src/options.js';
import { BACKGROUND_OPTION, backgroundRows } from './background.js';
import { Progress, rowAt, rowList, rowTask } from './model.js';
import { FEATURE_OPTIONS, featureChoice } from './options.js';
import { asRecords, shownValue, targetBase, type SampleRecord } from './records.js';
import { coalitionValues, varying, type Player, type WeightedRows } from './row-game.js';
import { GROUPS_OPTION, playersOf, valueOf } from './groups.js';
import { scoreAt, scoresFor } from './targets.js';

/** Coalitions of one row that are all scored unless `samples` says otherwise. */
const MOST_COALITIONS = 2048;
/** Above this many players nobody waits for all coalitions. */
const MOST_PLAYERS = 20;
/** Background rows that are taken as they are; more are put together. */
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
 * All coalitions are scored while there are at most 2,048 (eleven features that
 * differ from the background): the values are then exact. Above, coalitions
 * are drawn in pairs and the fit is a constrained least squares.
 */
export const kernelShapRows = explainer({
  id: 'kernel-shap',
  family: 'perturbation',
  description:
    "Each feature's fair share (Shapley value) of the difference between the score and the base value; negative features lower the score.",
  reference: 'Lundberg 2017',
  cost: '2048 × background rows forward (samples)',
  needs: {},
  documents: ['features'],
  options: ROW_SHAP_OPTIONS,

  async explain(context) {
    const { model, rows } = rowTask(context);
    const { samples = MOST_COALITIONS, link } = context.options;
    const background = await weightedBackground(context, model);
    const players = playersOf(context, model);
    const prediction = await model.predict(rows, { signal: context.batch.signal });
    const list = rowList(rows);
    const own = list.map((row) => varying(players, row, background));
    const plans = own.map((some) => {
      if (samples === 'all' && some.length > MOST_PLAYERS) {
        throw new WhylensError(
          'INVALID_OPTION',
          `samples 'all' means 2^${some.length} coalitions for ${some.length} features that differ from the background; give a number, or put features into groups (at most ${MOST_PLAYERS} are enumerated)`,
        );
      }
      return shapleyPlan(some.length, samples === 'all' ? Infinity : samples, context.seed);
    });
    const total = plans.reduce((sum, { count }) => sum + count * background.rows.length, 0);
    const progress = new Progress(context, total);
    const choice = featureChoice(context.options);
    const records: SampleRecord[] = [];
    for (const [n, row] of list.entries()) {
      const scores = scoresFor(
        model,
        prediction,
        n,
        context.targets[n],
        context.score,
        context.labels,
      );
      const values = await coalitionValues(
        context,
        model,
        row,
        own[n],
        background,
        plans[n],
        scores,
        progress,
      );
      const found = values.map((perCoalition) => {
        const linked = link === 'logit' ? perCoalition.map(logit) : perCoalition;
        return { weights: plans[n].solve(linked), baseValue: linked[0] };
      });
      records.push({
        targets: scores.map((of, t) => ({
          ...targetBase(of, model, prediction, n),
          ...(link === 'logit' && { score: logit(scoreAt(of, prediction, n)) }),
          featureWeights: featureWeights(
            entries(model, rowAt(rows, n), players, own[n], found[t].weights),
            choice,
          ),
        })),
        parameters: {
          samples: plans[n].count,
          coalitions: plans[n].exact ? 'all' : 'sampled',
          background: `${background.rows.length} rows${background.from === undefined ? '' : `, the k-means of ${background.from}`}`,
          baseValue:
            found.length === 1 ? found[0].baseValue : found.map(({ baseValue }) => baseValue),
        },
      });
    }
    return asRecords(model, 'feature-weights', records);
  },
});

/** Every player has an entry; those equal to the whole background have 0. */
function entries(
  model: RowModel,
  row: Float64Array,
  players: readonly Player[],
  own: readonly Player[],
  weights: Float64Array,
) {
  return players.map((player) => {
    const at = own.indexOf(player);
    return {
      feature: player.name,
      weight: at === -1 ? 0 : weights[at],
      ...valueOf(player, row, model, shownValue),
    };
  });
}

/** The background, put together by k-means where it is large. */
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
