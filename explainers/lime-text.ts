import { explainer, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { seededRandom } from '../src/maths/random.js';
import type { TabularPrediction, TextModel } from '../src/model/tabular/interface.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';
import {
  klDivergence,
  LIME_OPTIONS,
  limeFit,
  POOR_FIT,
  requireWeights,
} from './shared/tabular/lime-fit.js';
import { Progress, textTask } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice } from './shared/tabular/options.js';
import { asRecords, spansTarget, targetBase, type SampleRecord } from './shared/tabular/records.js';
import { scoresFor, type ScoreOf } from './shared/tabular/targets.js';
import {
  countTerms,
  marginFor,
  probabilitiesOf,
  softBox,
  termsOf,
} from './shared/tabular/soft-box.js';
import { textGame, type TextGame } from './shared/tabular/text-game.js';
import {
  lettersOf,
  partNames,
  partsOf,
  UNIT_OPTIONS,
  type TextPart,
} from './shared/tabular/words.js';

const options = {
  samples: {
    type: 'value',
    default: 1000,
    expects:
      "a whole number of at least 2, or { shown, weights }: a row of 0 and 1 for each version of the text (the text itself first), and how much each counts; with whiteBox 'logistic' also { texts, weights }: the versions themselves",
    check: (value: unknown): value is number | GivenSamples =>
      (Number.isInteger(value) && (value as number) >= 2) ||
      (typeof value === 'object' &&
        value !== null &&
        (Array.isArray((value as { shown?: unknown }).shown) ||
          Array.isArray((value as { texts?: unknown }).texts))),
    parse: (text) => Number(text),
    help: 'versions of the text with words taken out',
  },
  ...UNIT_OPTIONS,
  distinct: {
    type: 'boolean',
    default: true,
    help: 'equal words come and go together; false: each place by itself',
  },
  whiteBox: {
    type: 'choice',
    choices: ['ridge', 'logistic'],
    default: 'ridge',
    help: "what is fitted: LIME's linear model of the score, or a logistic model of the probabilities of all classes (ELI5's TextExplainer)",
  },
  ngrams: {
    type: 'value',
    default: undefined,
    expects: 'a whole number from 1 to 8, or the shortest and the longest as [from, to]',
    check: (value: unknown): value is number | readonly [number, number] => {
      const range: readonly unknown[] = Array.isArray(value) ? value : [1, value];
      const [from, to] = range as readonly number[];
      const whole = range.length === 2 && range.every(Number.isInteger);
      return whole && from >= 1 && from <= to && to <= 8;
    },
    parse: (text) => (text.includes(',') ? text.split(',').map(Number) : Number(text)),
    help: 'how many neighbouring words, or characters, a feature of the logistic model has (words: 1,2; characters: 2,5)',
  },
  kernelWidth: {
    type: 'number',
    min: 0.001,
    default: 25,
    help: 'how fast versions count less the more is taken out (in hundredths of the cosine distance)',
  },
  ...LIME_OPTIONS,
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

/** A logistic white box that is further from the model than this gives a warning. */
const POOR_KL = 0.1;
const POOR_AGREEMENT = 0.8;

/** Words that come and go together. */
interface Word {
  readonly name: string;
  /** Which parts of the text. */
  readonly parts: readonly number[];
}

/**
 * LIME for texts (Ribeiro et al. 2016): words are taken out at random, and a
 * ridge regression of the score on which words are there, weighted by
 * closeness to the text, gives every word its weight. Closeness is
 * √exp(−d²/w²) with d a hundred times the cosine distance.
 *
 * How well the linear model fits is recorded: `parameters.fit` (weighted R²),
 * and for probabilities (`score: 'output'`) `parameters.meanKL`; a poor fit gives a warning.
 * `samples` may be the versions themselves, so that a fit can be
 * repeated exactly.
 *
 * With `whiteBox: 'logistic'` a logistic model of words and neighbouring words
 * is fitted to the probabilities of all classes: the unique minimum of
 * Σ π · cross-entropy(p, softmax(Wx + b)) + ½ α |W|², where ELI5's TextExplainer
 * fits to labels drawn from them. `meanKL` and `agreement` say how good it is.
 * With `unit: 'char'` its features are runs of two to five characters, blanks
 * included (ELI5's `char_based`).
 *
 * Works for any model of texts. Prefer `partition-shap` for weights that add
 * up to the score.
 */
export const limeText = explainer({
  id: 'lime-text',
  summary: 'a linear model fitted around the text',
  family: 'tabular',
  description:
    'What each word adds to the score in a linear model fitted around the text; negative words lower it.',
  reference: 'Ribeiro 2016',
  cost: '1000 forward (samples)',
  needs: {},
  seeded: true,
  documents: ['text'],
  records: ['weighted-spans'],
  options,

  async explain(context) {
    const { model, texts } = textTask(context);
    const own = context.options;
    requireRidge(own);
    const prediction = await model.predict(texts, { signal: context.batch.signal });
    const total = typeof own.samples === 'number' ? own.samples : countOf(own.samples);
    const progress = new Progress(context, total * texts.length);
    const choice = featureChoice(context.options);
    const samples: SampleRecord[] = [];
    for (const [n, text] of texts.entries()) {
      const game = textGame(model, text, { ...own, usual: 'nothing' });
      const { parts } = game;
      // letters come and go by place: a text without any e says nothing about a single e
      const byPlace = own.whiteBox === 'logistic' && own.unit === 'char';
      const words = wordsOf(parts, own.distinct && !byPlace);
      const scores = scoresFor(
        model,
        prediction,
        n,
        context.targets[n],
        context.score,
        context.labels,
      );
      if (words.length === 0) {
        context.warn('there is nothing in the text that could be taken out', n);
        const targets = scores.map((of) =>
          spansTarget(targetBase(of, model, prediction, n), text, [], { choice }),
        );
        samples.push({ targets, parameters: { words: 0, fit: null } });
        continue;
      }
      if (own.whiteBox === 'logistic') {
        samples.push(
          await logistic(
            context,
            model,
            text,
            { n, game, words, scores, prediction, own },
            progress,
          ),
        );
        continue;
      }
      const rows =
        typeof own.samples === 'number'
          ? drawn(words.length, own.samples, context)
          : given(own.samples.shown!, words.length);
      const weights =
        typeof own.samples === 'number' || own.samples.weights === undefined
          ? Float64Array.from(rows, (row) => closeness(row, own.kernelWidth))
          : requireWeights(own.samples.weights, rows.length);
      const versions = rows.map((row) => {
        const shown = new Uint8Array(parts.length);
        words.forEach(({ parts: places }, w) => places.forEach((p) => (shown[p] = row[w])));
        return shown;
      });
      const found = await game.scores(context, versions, scores, progress);
      const fits = found.map((values) => limeFit(rows, weights, values, own));
      const kl = found.map((values, t) => klDivergence(values, fits[t].fitted, weights));
      fits.forEach(({ fit }) => {
        if (fit === null) context.warn('the score does not change whatever is taken out', n);
        else if (fit < POOR_FIT) {
          context.warn(
            `the linear model explains only ${(100 * Math.max(0, fit)).toFixed(0)} % of how the score varies around the text: its weights are rough. More samples, or partition-shap`,
            n,
          );
        }
      });
      const one = <T>(list: readonly T[]) => (list.length === 1 ? list[0] : [...list]);
      samples.push({
        targets: scores.map((of, t) =>
          spansTarget(
            targetBase(of, model, prediction, n),
            text,
            words.map(({ name, parts: places }, w) => ({
              feature: name,
              weight: fits[t].coefficients[w],
              spans: places.map((p) => [parts[p].start, parts[p].end] as const),
            })),
            { choice },
          ),
        ),
        parameters: {
          samples: rows.length,
          words: words.length,
          replacedBy: game.replacedBy,
          fit: one(fits.map(({ fit }) => fit)),
          meanKL: one(kl),
          intercept: one(fits.map(({ intercept }) => intercept)),
          localPrediction: one(fits.map(({ local }) => local)),
        },
      });
    }
    return asRecords(model, 'weighted-spans', samples);
  },
});

export interface GivenSamples {
  readonly shown?: readonly ArrayLike<number>[];
  readonly texts?: readonly string[];
  readonly weights?: ArrayLike<number>;
}

/** The longest run, or the shortest and the longest. */
type Ngrams = number | readonly [from: number, to: number];

const countOf = ({ shown, texts }: GivenSamples): number => (shown ?? texts!).length;

/** What only the logistic model has. */
function requireRidge({
  whiteBox,
  ngrams,
  samples,
}: {
  readonly whiteBox: string;
  readonly ngrams: Ngrams | undefined;
  readonly samples: number | GivenSamples;
}): void {
  const texts = typeof samples === 'object' && samples.shown === undefined;
  if (whiteBox === 'logistic' || (ngrams === undefined && !texts)) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `${texts ? 'samples.texts are' : "option 'ngrams' is"} for whiteBox 'logistic', and the white box is '${whiteBox}'; ${texts ? 'give samples.shown' : 'leave it out'}, or take whiteBox: 'logistic'`,
  );
}

interface OneText {
  readonly n: number;
  readonly game: TextGame;
  readonly words: readonly Word[];
  readonly scores: readonly ScoreOf[];
  readonly prediction: TabularPrediction;
  readonly own: {
    readonly samples: number | GivenSamples;
    readonly unit: string;
    readonly distinct: boolean;
    readonly ngrams: Ngrams | undefined;
    readonly kernelWidth: number;
    readonly alpha: number;
  };
}

/** A logistic model of n-grams, fitted to the probabilities of all classes. */
async function logistic(
  context: ExplainContext<OptionValues<typeof options>>,
  model: TextModel,
  text: string,
  { n, game, words, scores, prediction, own }: OneText,
  progress: Progress,
): Promise<SampleRecord> {
  const { parts } = game;
  const { samples, unit, distinct, kernelWidth, alpha } = own;
  const call = { signal: context.batch.signal };
  const together = context.batch.batchSize ?? 256;
  const predictions: TabularPrediction[] = [];
  const inBatches = async <T>(
    list: readonly T[],
    predict: (some: readonly T[]) => Promise<TabularPrediction>,
  ): Promise<void> => {
    for (let first = 0; first < list.length; first += together) {
      progress.check();
      const some = list.slice(first, first + together);
      predictions.push(await predict(some));
      progress.add(some.length);
    }
  };
  // letters are read with the blanks between them, words by themselves
  const letters = unit === 'char' && distinct;
  const read = letters
    ? lettersOf
    : (version: string) => partsOf(version, unit === 'char' ? 'char' : 'word');
  // places that stand for themselves have names of their own
  const small = parts.map((part) => ({ ...part, text: part.text.toLowerCase() }));
  const placed = distinct
    ? parts
    : partNames(small).map((name, p) => ({ ...parts[p], text: name }));
  let seen: readonly (readonly { readonly text: string }[])[];
  let usual: Float64Array | undefined;
  if (typeof samples === 'object' && samples.texts !== undefined) {
    await inBatches(samples.texts, (some) => model.predict(some, call));
    seen = samples.texts.map(read);
  } else {
    const rows =
      typeof samples === 'number'
        ? drawn(words.length, samples, context)
        : samples.shown!.map((row) => Uint8Array.from(row));
    if (typeof samples === 'object' && rows.some((row) => row.length !== words.length)) {
      given(samples.shown!, words.length);
    }
    const versions = rows.map((row) => {
      const shown = new Uint8Array(parts.length);
      words.forEach(({ parts: places }, w) => places.forEach((p) => (shown[p] = row[w])));
      return shown;
    });
    await inBatches(versions, (some) => game.predict(some, call));
    seen = versions.map((shown) =>
      letters ? lettersOf(game.text(shown)) : placed.filter((_, p) => shown[p] === 1),
    );
    usual = Float64Array.from(rows, (row) => closeness(row, kernelWidth));
  }
  const separator = unit === 'char' ? '' : ' ';
  const units = letters ? lettersOf(text) : placed;
  const [shortest, longest] = rangeOf(own.ngrams, letters, distinct);
  const terms = termsOf(units, shortest, longest, separator);
  const counted = countTerms(terms, seen, separator);
  const weighed = typeof samples === 'object' ? samples.weights : undefined;
  const weights =
    weighed === undefined
      ? (usual ?? new Float64Array(seen.length).fill(1))
      : requireWeights(weighed, seen.length);
  const { data, classes } = probabilitiesOf(predictions, model.name);
  const box = softBox(counted, data, classes, weights, alpha);
  if (box.meanKL > POOR_KL || box.agreement < POOR_AGREEMENT) {
    context.warn(
      `the white box is a poor picture of the model around the text: it names the same class for ${(100 * box.agreement).toFixed(0)} % of the versions, mean KL divergence ${box.meanKL.toPrecision(2)}. Its weights are rough: more samples, longer ngrams, or partition-shap`,
      n,
    );
  }
  const margins = scores.map((of) => marginFor(of, box.fit));
  const one = <T>(list: readonly T[]) => (list.length === 1 ? list[0] : [...list]);
  return {
    targets: scores.map((of, t) =>
      spansTarget(
        targetBase(of, model, prediction, n),
        text,
        terms.map(({ name, places, length }, j) => ({
          feature: name,
          weight: margins[t].coefficients[j] * places.length,
          spans: places.map((p) => [units[p].start, units[p + length - 1].end] as const),
        })),
        {
          choice: featureChoice(context.options),
          ...(letters && { preserveDensity: true }),
        },
      ),
    ),
    parameters: {
      samples: seen.length,
      words: words.length,
      terms: terms.length,
      replacedBy: game.replacedBy,
      meanKL: box.meanKL,
      agreement: box.agreement,
      measured: box.measured,
      intercept: one(margins.map(({ intercept }) => intercept)),
      localPrediction: one(
        margins.map(({ coefficients, intercept }) =>
          terms.reduce((sum, { places }, j) => sum + coefficients[j] * places.length, intercept),
        ),
      ),
    },
  };
}

/** The shortest and the longest run; ELI5's if nothing is said. */
function rangeOf(
  ngrams: Ngrams | undefined,
  letters: boolean,
  distinct: boolean,
): readonly [number, number] {
  if (typeof ngrams === 'number') return [1, ngrams];
  if (ngrams !== undefined) return ngrams;
  if (letters) return [2, 5];
  return [1, distinct ? 2 : 1];
}

/** In the order in which they first occur. */
function wordsOf(parts: readonly TextPart[], distinct: boolean): Word[] {
  if (!distinct) return partNames(parts).map((name, p) => ({ name, parts: [p] }));
  const words = new Map<string, number[]>();
  parts.forEach(({ text }, p) => {
    const known = words.get(text);
    if (known === undefined) words.set(text, [p]);
    else known.push(p);
  });
  return Array.from(words, ([name, places]) => ({ name, parts: places }));
}

/** The whole text first; then 1 to all words taken out, each number equally likely. */
function drawn(words: number, count: number, { seed }: Pick<ExplainContext, 'seed'>): Uint8Array[] {
  const random = seededRandom(seed);
  const rows = [new Uint8Array(words).fill(1)];
  while (rows.length < count) {
    const row = new Uint8Array(words).fill(1);
    for (let left = 1 + random.integer(words); left > 0;) {
      const word = random.integer(words);
      if (row[word] === 0) continue;
      row[word] = 0;
      left--;
    }
    rows.push(row);
  }
  return rows;
}

function given(shown: readonly ArrayLike<number>[], words: number): Uint8Array[] {
  const rows = shown.map((row) => Uint8Array.from(row));
  if (
    rows.length >= 2 &&
    rows.every((row) => row.length === words && row.every((v) => v <= 1)) &&
    rows[0].every((v) => v === 1)
  )
    return rows;
  throw new WhylensError(
    'INVALID_OPTION',
    `samples.shown must hold at least two rows of ${words} numbers 0 or 1, one for each word of the text in order, the first of them all 1 (the text itself)`,
  );
}

/** √exp(−d²/w²), d = 100 (1 − √(share shown)). */
function closeness(row: Uint8Array, width: number): number {
  const shown = row.reduce((a, b) => a + b, 0);
  const distance = 100 * (1 - Math.sqrt(shown / row.length));
  return Math.sqrt(Math.exp(-(distance ** 2) / width ** 2));
}
