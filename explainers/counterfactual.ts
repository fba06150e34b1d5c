import { featureWeights } from '../src/builders/feature-weights.js';
import { explainer, type ExplainContext } from '../src/container/plugin.js';
import { didYouMean } from '../src/did-you-mean.js';
import { WhylensError } from '../src/errors.js';
import { shapleyPlan } from '../src/maths/shapley.js';
import type { TabularModel, TabularPrediction } from '../src/model/tabular/interface.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';
import { BACKGROUND_OPTION, backgroundRows } from './shared/tabular/background.js';
import { Progress, rowList, rowTask, textTask } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice, refuseOptions } from './shared/tabular/options.js';
import {
  asRecords,
  shownValue,
  spansTarget,
  targetBase,
  type SampleRecord,
} from './shared/tabular/records.js';
import { coalitionValues, varying, type Player } from './shared/tabular/row-game.js';
import { scoreAt, scoresFor, type ScoreOf } from './shared/tabular/targets.js';
import { nearestOther } from './shared/tabular/nearest-other.js';
import { least } from '../src/maths/extremes.js';
import { textGame } from './shared/tabular/text-game.js';
import { partNames, UNIT_OPTIONS } from './shared/tabular/words.js';

const options = {
  ...BACKGROUND_OPTION,
  to: {
    type: 'value',
    default: undefined,
    expects: 'a class index or name',
    check: (value: unknown): value is string | number =>
      typeof value === 'string' || (Number.isInteger(value) && (value as number) >= 0),
    parse: (text) => (/^\d+$/.test(text) ? Number(text) : text),
    help: 'the class to be reached (default: any other)',
  },
  fixed: {
    type: 'list',
    of: 'string',
    default: [],
    help: 'features that may not change',
  },
  candidates: {
    type: 'number',
    integer: true,
    min: 1,
    default: 20,
    help: 'rows of the background of the other class that are tried, the nearest first',
  },
  ...UNIT_OPTIONS,
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Counterfactuals (Wachter et al. 2018, arXiv 1711.00399): the nearest row
 * found that the model puts into another class, and what each change does.
 *
 * Rows: values are copied from the nearest `background` rows of another class; changes that are
 * not needed are undone, and numbers are moved back towards the row as far as the class allows.
 * Distances are in units of each
 * column's spread. `parameters.counterfactual` is the row, and the weights are
 * the Shapley values of the changes: they sum to the score minus
 * `parameters.baseValue`, the counterfactual's score.
 *
 * Texts: the fewest words found whose absence changes the class; weights are
 * what the score loses when each is taken out, in that order.
 *
 * The search is a heuristic: there may be a nearer one.
 */
export const counterfactual = explainer({
  id: 'counterfactual',
  summary: 'the nearest row or text of another class',
  family: 'tabular',
  description:
    'What each change on the way to the nearest row (or text) of another class takes from the score.',
  reference: 'Wachter 2018',
  cost: 'background rows + candidates × features × 20 forward',
  needs: {},
  seeded: true,
  documents: ['features', 'text'],
  records: ['feature-weights', 'weighted-spans'],
  options,

  lacks({ task }: TabularModel): string | undefined {
    return task === 'regression' ? 'changes the class, and needs a classifier' : undefined;
  },

  explain(context) {
    return context.tabular?.documents === 'texts' ? ofTexts(context) : ofRows(context);
  },
});

type Context = ExplainContext<OptionValues<typeof options>>;

/** Class indices that may be reached, from the option. */
function wantedClass({ options: { to }, labels, tabular }: Context): number | undefined {
  if (to === undefined) return undefined;
  const names = labels ?? tabular!.classNames;
  const index = typeof to === 'number' ? to : (names?.indexOf(to) ?? -1);
  if (index !== -1) return index;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'to' must be a class index${names === undefined ? '' : ` or one of ${names.join(', ')}`}, got '${String(to)}'`,
  );
}

function classOf(model: TabularModel, prediction: TabularPrediction, n: number): number {
  const [top] = scoresFor(model, prediction, n, [{ kind: 'top', rank: 0 }], 'output');
  return top.target as number;
}

async function ofRows(context: Context) {
  refuseOptions('row', options, context.options, Object.keys(UNIT_OPTIONS));
  const { model, rows } = rowTask(context);
  const table = await backgroundRows(context, model);
  if (table === undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      "counterfactual takes values from rows of other classes; give option 'background', for instance the training data",
    );
  }
  const { fixed, candidates } = context.options;
  const names = model.features.map(({ name }) => name);
  const unknown = fixed.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'fixed' names '${unknown}', which is not a feature of '${model.name}'${didYouMean(unknown, names)} Its features are ${names.slice(0, 30).join(', ')}`,
    );
  }
  const to = wantedClass(context);
  const prediction = await model.predict(rows, { signal: context.batch.signal });
  const ofTable = await model.predict(table, { signal: context.batch.signal });
  const classes = Array.from({ length: table.count }, (_, b) => classOf(model, ofTable, b));
  const choice = featureChoice(context.options);
  const samples: SampleRecord[] = [];
  for (const [n, row] of rowList(rows).entries()) {
    const from = classOf(model, prediction, n);
    const right = (found: number) => (to === undefined ? found !== from : found === to);
    const found = await nearestOther(
      context,
      model,
      row,
      rowList(table).filter((_, b) => right(classes[b])),
      {
        free: names.map((name) => !fixed.includes(name)),
        spread: table,
        candidates,
        right: (p, i) => right(classOf(model, p, i)),
      },
    );
    const scores = scoresFor(
      model,
      prediction,
      n,
      context.targets[n],
      context.score,
      context.labels,
    );
    if (found === undefined) {
      context.warn(
        right(from)
          ? 'the row is in the wanted class already'
          : 'no row of the wanted class was found with the fixed features held',
        n,
      );
      samples.push({
        targets: scores.map((of) => ({
          ...targetBase(of, model, prediction, n),
          featureWeights: featureWeights([]),
        })),
        parameters: { counterfactual: null },
      });
      continue;
    }
    samples.push({
      targets: await changes(context, row, found, scores, prediction, n, choice),
      parameters: await facts(context, found, scores),
    });
  }
  return asRecords(model, 'feature-weights', samples);
}

async function facts(context: ExplainContext, found: Float64Array, scores: readonly ScoreOf[]) {
  const { model } = rowTask(context);
  const prediction = await model.predict(
    { count: 1, columns: found.length, data: found },
    { signal: context.batch.signal },
  );
  const base = scores.map((of) => scoreAt(of, prediction, 0));
  const reached = classOf(model, prediction, 0);
  return {
    counterfactual: Object.fromEntries(
      model.features.map(({ name, categories }, j) => [name, shownValue(found[j], categories)]),
    ),
    reached: (context.labels ?? model.classNames)?.[reached] ?? reached,
    baseValue: base.length === 1 ? base[0] : base,
  };
}

/** Shapley values of the changed features, the counterfactual's values mean "unknown". */
async function changes(
  context: ExplainContext,
  row: Float64Array,
  found: Float64Array,
  scores: readonly ScoreOf[],
  prediction: TabularPrediction,
  n: number,
  choice: ReturnType<typeof featureChoice>,
) {
  const { model } = rowTask(context);
  const all: Player[] = model.features.map(({ name }, j) => ({ name, columns: [j] }));
  const background = { rows: [found], weights: Float64Array.of(1) };
  const players = varying(all, row, background);
  const plan = shapleyPlan(players.length, 2048, context.seed);
  const values = await coalitionValues(
    context,
    model,
    row,
    players,
    background,
    plan,
    scores,
    new Progress(context, plan.count),
  );
  return scores.map((of, t) => {
    const weights = plan.solve(values[t]);
    return {
      ...targetBase(of, model, prediction, n),
      featureWeights: featureWeights(
        players.map(({ name, columns: [j] }, p) => ({
          feature: name,
          weight: weights[p],
          value: `${shownValue(row[j], model.features[j].categories)} → ${shownValue(found[j], model.features[j].categories)}`,
        })),
        choice,
      ),
    };
  });
}

async function ofTexts(context: Context) {
  refuseOptions('text', options, context.options, ['background', 'fixed', 'candidates']);
  const { model, texts } = textTask(context);
  const { unit, replaceWith } = context.options;
  const to = wantedClass(context);
  const call = { signal: context.batch.signal };
  const prediction = await model.predict(texts, call);
  const choice = featureChoice(context.options);
  const progress = new Progress(context, 0);
  const samples: SampleRecord[] = [];
  for (const [n, text] of texts.entries()) {
    const game = textGame(model, text, { unit, replaceWith, usual: 'nothing' });
    const { parts } = game;
    const from = classOf(model, prediction, n);
    const right = (found: number) => (to === undefined ? found !== from : found === to);
    const [own] = scoresFor(
      model,
      prediction,
      n,
      [{ kind: 'class', index: from }],
      'output',
      context.labels,
    );
    const shown = new Uint8Array(parts.length).fill(1);
    const removed: number[] = [];
    const isRight = async (mask: ArrayLike<number>) =>
      right(classOf(model, await game.predict([mask], call), 0));
    let reached = right(from);
    while (!reached && removed.length < parts.length) {
      // of the words still there, the one whose absence costs the predicted class most
      const left = [...shown.keys()].filter((p) => shown[p] === 1);
      const versions = left.map((p) => shown.map((v, q) => (q === p ? 0 : v)));
      const [scores] = await game.scores(context, versions, [own], progress);
      const best = left[scores.indexOf(least(scores))];
      shown[best] = 0;
      removed.push(best);
      reached = await isRight(shown);
    }
    if (reached) {
      for (const p of [...removed]) {
        shown[p] = 1;
        if (removed.length > 1 && (await isRight(shown))) removed.splice(removed.indexOf(p), 1);
        else shown[p] = 0;
      }
    } else context.warn('no words were found whose absence changes the class', n);
    const scores = scoresFor(
      model,
      prediction,
      n,
      context.targets[n],
      context.score,
      context.labels,
    );
    const steps = removed.map((_, i) =>
      shown.map((__, p) => Number(!removed.slice(0, i + 1).includes(p))),
    );
    const found =
      steps.length === 0
        ? scores.map(() => new Float64Array())
        : await game.scores(context, steps, scores, progress);
    const names = partNames(parts);
    const last = scores.map((of, t) => found[t].at(-1) ?? scoreAt(of, prediction, n));
    samples.push({
      targets: scores.map((of, t) =>
        spansTarget(
          targetBase(of, model, prediction, n),
          text,
          reached
            ? removed.map((p, i) => ({
                feature: names[p],
                weight: (i === 0 ? scoreAt(of, prediction, n) : found[t][i - 1]) - found[t][i],
                spans: [[parts[p].start, parts[p].end] as const],
              }))
            : [],
          { choice },
        ),
      ),
      parameters: {
        counterfactual: reached ? game.text(shown) : null,
        replacedBy: game.replacedBy,
        baseValue: last.length === 1 ? last[0] : last,
      },
    });
  }
  return asRecords(model, 'weighted-spans', samples);
}
