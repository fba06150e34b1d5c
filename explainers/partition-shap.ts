import { explainer } from '../src/container/plugin.js';
import { owenValues } from '../src/maths/owen.js';
import type { OptionSpecs } from '../src/options.js';
import { Progress, textTask } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice } from './shared/tabular/options.js';
import { asRecords, spansTarget, targetBase, type SampleRecord } from './shared/tabular/records.js';
import { scoresFor } from './shared/tabular/targets.js';
import { textGame } from './shared/tabular/text-game.js';
import { partNames, UNIT_OPTIONS, type TextPart } from './shared/tabular/words.js';

const options = {
  samples: {
    type: 'number',
    integer: true,
    min: 2,
    default: 500,
    help: 'versions of the text that are scored at most',
  },
  ...UNIT_OPTIONS,
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Partition SHAP for texts: Owen values (Owen 1977) over a hierarchy of the
 * words. The text is halved again and again, at sentence ends and punctuation if there are any;
 * each half gets its fair share (Shapley value of two players) of what both have together, down to
 * single words. The halves that matter most are split first; parts that the samples do not reach
 * share evenly. The
 * weights sum exactly to the score minus `parameters.baseValue`, the score of
 * the text with nothing in it.
 */
export const partitionShap = explainer({
  id: 'partition-shap',
  summary: 'shares of words, split down a hierarchy (Owen)',
  family: 'tabular',
  description:
    "Each word's share of the difference between the score and that of the empty text, split from whole sentences down to words (Owen values).",
  reference: 'Owen 1977',
  cost: '500 forward (samples)',
  needs: {},
  documents: ['text'],
  records: ['weighted-spans'],
  options: options,

  async explain(context) {
    const { model, texts } = textTask(context);
    const { unit, replaceWith, samples } = context.options;
    const prediction = await model.predict(texts, { signal: context.batch.signal });
    const progress = new Progress(context, texts.length * samples);
    const choice = featureChoice(context.options);
    const records: SampleRecord[] = [];
    for (const [n, text] of texts.entries()) {
      const game = textGame(model, text, { unit, replaceWith, usual: 'mask' });
      const { parts } = game;
      const scores = scoresFor(
        model,
        prediction,
        n,
        context.targets[n],
        context.score,
        context.labels,
      );
      const value = (masks: readonly Uint8Array[]): Promise<Float64Array[]> =>
        game.scores(context, masks, scores, progress);
      const { values, base, evaluations, complete } = await owenValues(
        parts.length,
        (low, high) => splitOf(text, parts, low, high),
        value,
        samples,
      );
      if (parts.length === 0)
        context.warn('there is nothing in the text that could be taken out', n);
      const names = partNames(parts);
      records.push({
        targets: scores.map((of, t) =>
          spansTarget(
            targetBase(of, model, prediction, n),
            text,
            parts.map(({ start, end }, i) => ({
              feature: names[i],
              weight: values[t][i],
              spans: [[start, end] as const],
            })),
            { choice },
          ),
        ),
        parameters: {
          parts: parts.length,
          replacedBy: game.replacedBy,
          evaluations,
          complete,
          baseValue: base.length === 1 ? base[0] : base,
        },
      });
    }
    return asRecords(model, 'weighted-spans', records);
  },
});

/** Where a run of words is halved: at the strongest punctuation, nearest to the middle. */
function splitOf(text: string, parts: readonly TextPart[], low: number, high: number): number {
  let best = low + 1;
  let least = Infinity;
  for (let at = low + 1; at < high; at++) {
    const between = text.slice(parts[at - 1].end, parts[at].start);
    const strength = /[.!?…\n。！？]/u.test(between)
      ? 2
      : /[,;:()\-–—、，；：]/u.test(between)
        ? 1
        : 0;
    const off = Math.abs(at - (low + high) / 2) / (high - low);
    const cost = off - strength * 0.34;
    if (cost < least) [best, least] = [at, cost];
  }
  return best;
}
