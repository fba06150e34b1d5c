import { explainer } from '../src/container/plugin.js';
import type { OptionSpecs } from '../src/options.js';
import { Progress, textTask } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice } from './shared/tabular/options.js';
import { asRecords, spansTarget, targetBase, type SampleRecord } from './shared/tabular/records.js';
import { scoreAt, scoresFor } from './shared/tabular/targets.js';
import { textGame } from './shared/tabular/text-game.js';
import { partNames, UNIT_OPTIONS } from './shared/tabular/words.js';

const options = { ...UNIT_OPTIONS, ...FEATURE_OPTIONS } as const satisfies OptionSpecs;

/**
 * Occlusion for texts: how much the score falls when one word (or character)
 * is taken out (Zeiler and Fergus 2014, with words for patches). Words that
 * speak against the target have negative weights.
 *
 * Works for any model of texts. Prefer `partition-shap` if words only matter together: taking out
 * one of two equal words may change nothing.
 */
export const textOcclusion = explainer({
  id: 'text-occlusion',
  summary: 'how far the score falls without each word',
  family: 'tabular',
  description:
    'How much the score falls when the word is taken out; negative words lower the score.',
  reference: 'Zeiler 2014',
  cost: '1 + words forward',
  needs: {},
  documents: ['text'],
  records: ['weighted-spans'],
  options: options,

  async explain(context) {
    const { model, texts } = textTask(context);
    const { unit, replaceWith } = context.options;
    const prediction = await model.predict(texts, { signal: context.batch.signal });
    const games = texts.map((text) => textGame(model, text, { unit, replaceWith, usual: 'mask' }));
    const progress = new Progress(
      context,
      games.reduce((sum, { parts }) => sum + parts.length, 0),
    );
    const choice = featureChoice(context.options);
    const samples: SampleRecord[] = [];
    for (const [n, text] of texts.entries()) {
      const { parts: own, replacedBy } = games[n];
      if (own.length === 0) context.warn('there is nothing in the text that could be taken out', n);
      const versions = own.map((_, hidden) =>
        Uint8Array.from(own, (__, i) => Number(i !== hidden)),
      );
      const scores = scoresFor(
        model,
        prediction,
        n,
        context.targets[n],
        context.score,
        context.labels,
      );
      const found = await games[n].scores(context, versions, scores, progress);
      const names = partNames(own);
      samples.push({
        targets: scores.map((of, t) => {
          const whole = scoreAt(of, prediction, n);
          const features = own.map(({ start, end }, i) => ({
            feature: names[i],
            weight: whole - found[t][i],
            spans: [[start, end] as const],
          }));
          return spansTarget(targetBase(of, model, prediction, n), text, features, { choice });
        }),
        parameters: { parts: own.length, replacedBy },
      });
    }
    return asRecords(model, 'weighted-spans', samples);
  },
});
