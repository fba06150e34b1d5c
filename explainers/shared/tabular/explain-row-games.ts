/** What all methods do that share a row's score out among its features. */
import { featureWeights } from '../../../src/builders/feature-weights.js';
import type { Explained, ExplainContext } from '../../../src/container/plugin.js';
import type { JsonValue } from '../../../src/explanation.js';
import type { ShapleyPlan } from '../../../src/maths/shapley.js';
import type { RowModel, Rows } from '../../../src/model/tabular/interface.js';
import type { OptionValues } from '../../../src/options.js';
import { playersOf, valueOf } from './groups.js';
import { Progress, rowList } from './model.js';
import { featureChoice, type FEATURE_OPTIONS } from './options.js';
import { asRecords, shownValue, targetBase, type SampleRecord } from './records.js';
import { coalitionValues, varying, type WeightedRows } from './row-game.js';
import { scoreAt, scoresFor } from './targets.js';

/** How a method computes the shares of one row. */
export interface RowGames<P extends ShapleyPlan> {
  /** The rows whose values replace features that are not shown. */
  readonly background: WeightedRows;
  /** Which coalitions are scored, for so many features that differ from the background. */
  planOf(players: number): P;
  /** Changes the scores of the coalitions before they are shared out. Default: they stay as they are. */
  readonly link?: (score: number) => number;
  /** A weight for each player, and its standard error if it is estimated. */
  share(
    plan: P,
    values: Float64Array,
  ): { readonly weights: Float64Array; readonly errors?: Float64Array };
  /** What the record says beside the base value. */
  parameters(plan: P): Readonly<Record<string, JsonValue>>;
}

/** One record a row; features that equal the whole background get 0. */
export async function explainRowGames<P extends ShapleyPlan>(
  context: ExplainContext<OptionValues<typeof FEATURE_OPTIONS>>,
  { model, rows }: { readonly model: RowModel; readonly rows: Rows },
  { background, planOf, link, share, parameters }: RowGames<P>,
): Promise<Explained> {
  const players = playersOf(context, model);
  const prediction = await model.predict(rows, { signal: context.batch.signal });
  const list = rowList(rows);
  const own = list.map((row) => varying(players, row, background));
  const plans = own.map(({ length }) => planOf(length));
  const total = plans.reduce((sum, { count }) => sum + count * background.rows.length, 0);
  const progress = new Progress(context, total);
  const choice = featureChoice(context.options);
  const records: SampleRecord[] = [];
  for (const [n, row] of list.entries()) {
    const [some, plan] = [own[n], plans[n]];
    const wanted = context.targets[n];
    const scores = scoresFor(model, prediction, n, wanted, context.score, context.labels);
    const scored = await coalitionValues(
      context,
      model,
      row,
      some,
      background,
      plan,
      scores,
      progress,
    );
    const values = link === undefined ? scored : scored.map((list) => list.map(link));
    // the first coalition shows nothing
    const bases = values.map(([nothing]) => nothing);
    records.push({
      targets: scores.map((of, t) => {
        const { weights, errors } = share(plan, values[t]);
        const entries = players.map((player) => {
          const at = some.indexOf(player);
          return {
            feature: player.name,
            weight: at === -1 ? 0 : weights[at],
            ...(at !== -1 && errors !== undefined && { std: errors[at] }),
            ...valueOf(player, row, model, shownValue),
          };
        });
        return {
          ...targetBase(of, model, prediction, n),
          ...(link !== undefined && { score: link(scoreAt(of, prediction, n)) }),
          featureWeights: featureWeights(entries, choice),
        };
      }),
      parameters: { ...parameters(plan), baseValue: bases.length === 1 ? bases[0] : bases },
    });
  }
  return asRecords(model, 'feature-weights', records);
}
