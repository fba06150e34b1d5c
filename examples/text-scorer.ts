/**
 * A linear text scorer, explained by highlighting its words.
 *
 * The model is a plain function from texts to scores (naive Bayes over words,
 * learned from eight sentences); the explainer is a plugin of a few lines that
 * returns a `weighted-spans` record, so that every formatter works on it.
 *
 *     npm run build && node build/examples/text-scorer.js
 */
import { ContainerModule } from 'inversify';
import { pathToFileURL } from 'node:url';
import {
  createContainer,
  explainPrediction,
  formatAsText,
  WhylensError,
  type Explanation,
  type Target,
  type WeightedSpansTarget,
} from 'whylens';
import {
  featureWeights,
  TOKENS,
  weightedSpans,
  wordAnalyzer,
  type Explained,
  type ExplainContext,
  type Explainer,
} from 'whylens/plugin';

// so that calls of `explainPrediction` with this method are completed and checked
declare module 'whylens' {
  interface MethodOptions {
    readonly 'linear-text': { readonly top?: number };
  }
}

const TOPICS = ['medicine', 'space'] as const;

const SENTENCES: readonly (readonly [(typeof TOPICS)[number], string])[] = [
  ['medicine', 'The doctor treated the kidney stone with new medication.'],
  ['medicine', 'Pain after surgery is treated by the doctor every day.'],
  ['medicine', 'The patient had a stone and much pain in the kidney.'],
  ['medicine', 'Medication helped the patient more than surgery.'],
  ['space', 'The rocket reached orbit and the crew saw the moon.'],
  ['space', 'A new orbit brings the probe to a stone on the moon.'],
  ['space', 'The crew launched the rocket every day of the mission.'],
  ['space', 'The mission of the probe ended in a low orbit.'],
];

const words = wordAnalyzer();

/** Counts of the words of a text. */
function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { feature } of words(text)) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  return counts;
}

/** Naive Bayes with add-one smoothing: `weights.get(word)[topic]`, centred over the topics. */
export function learn(): ReadonlyMap<string, readonly number[]> {
  const counts = TOPICS.map((topic) =>
    countWords(
      SENTENCES.filter(([of]) => of === topic)
        .map(([, text]) => text)
        .join('\n'),
    ),
  );
  const vocabulary = new Set(counts.flatMap((count) => [...count.keys()]));
  const totals = counts.map((count) => [...count.values()].reduce((a, b) => a + b, 0));
  return new Map(
    Array.from(vocabulary, (word) => {
      const logs = counts.map((count, topic) =>
        Math.log(((count.get(word) ?? 0) + 1) / (totals[topic] + vocabulary.size)),
      );
      const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
      return [word, logs.map((log) => log - mean)];
    }),
  );
}

const weights = learn();

/** The model: one row of scores a text, the sum of the weights of its words. */
export function scoreTexts(texts: readonly string[]): number[][] {
  return texts.map((text) => {
    const scores = TOPICS.map(() => 0);
    for (const [word, count] of countWords(text)) {
      weights.get(word)?.forEach((weight, topic) => (scores[topic] += count * weight));
    }
    return scores;
  });
}

/** What each word of the text adds to the score of the target. */
export const linearText: Explainer = {
  id: 'linear-text',
  family: 'other',
  description: 'What each word adds to the score of the target; the words add up to the score.',
  reference: 'weights of a linear model',
  cost: '1 prediction',
  needs: {},
  documents: ['text'],
  options: {
    top: {
      type: 'number',
      min: 0,
      integer: true,
      default: 10,
      help: 'how many words the table has',
    },
  },
  async explain({ native, documents, targets, options }: ExplainContext): Promise<Explained> {
    const predict = native as typeof scoreTexts;
    const texts = documents.map((document) => (document.kind === 'text' ? document.text : ''));
    const scores = predict(texts);
    return {
      kind: 'records',
      explanations: texts.map((text, n) => ({
        kind: 'weighted-spans',
        estimator: '',
        method: '',
        description: '',
        isRegression: false,
        parameters: {},
        warnings: [],
        targets: targets[n].map((target) =>
          explainTopic(text, scores[n], topicOf(target, scores[n]), options.top as number),
        ),
      })),
    };
  },
};

function explainTopic(
  text: string,
  scores: readonly number[],
  topic: number,
  top: number,
): WeightedSpansTarget {
  const added = Array.from(countWords(text), ([word, count]) => ({
    feature: word,
    weight: count * (weights.get(word)?.[topic] ?? 0),
    value: count,
  }));
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
  return {
    target: topic,
    definition: { kind: 'class', index: topic },
    label: TOPICS[topic],
    score: scores[topic],
    proba: Math.exp(scores[topic]) / total,
    featureWeights: featureWeights(added, { top }),
    weightedSpans: weightedSpans(text, added, { vectorizer: 'words' }),
  };
}

function topicOf(target: Target, scores: readonly number[]): number {
  if (target.kind === 'class') return target.index;
  if (target.kind === 'top') {
    return scores.map((_, topic) => topic).sort((a, b) => scores[b] - scores[a])[target.rank];
  }
  throw new WhylensError(
    'INVALID_TARGET',
    `linear-text explains topics, by index or name, got a target of kind '${target.kind}'`,
  );
}

export const container = createContainer(
  new ContainerModule(({ bind }) => {
    bind(TOKENS.Explainer).toConstantValue(linearText);
  }),
);

/** Why the text belongs to a topic: its best one, or the one named. */
export function explainText(text: string, topic?: (typeof TOPICS)[number]): Promise<Explanation> {
  return explainPrediction(scoreTexts, text, {
    method: 'linear-text',
    estimator: 'naive Bayes over words',
    labels: TOPICS,
    container,
    ...(topic !== undefined && { targets: topic }),
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = 'Every patient in low orbit fears the pain of a kidney stone, said the doctor.';
  const color = process.stdout.hasColors?.(2 ** 24) === true;
  process.stdout.write(formatAsText(await explainText(text), { color }));
}
