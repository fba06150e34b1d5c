import { explainer, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { gaussLegendre, type Quadrature } from '../src/maths/quadrature.js';
import type {
  EmbeddingPlace,
  TabularModel,
  TextModel,
  TextTokens,
  TokenPart,
} from '../src/model/tabular/interface.js';
import type { Target } from '../src/explanation.js';
import type { OptionSpecs } from '../src/options.js';
import { Progress, textTask } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice } from './shared/tabular/options.js';
import {
  asRecords,
  spansTarget,
  targetBase,
  type SampleRecord,
  type TextFeature,
} from './shared/tabular/records.js';
import { scoreAt, scoresFor, type ScoreOf } from './shared/tabular/targets.js';
import { tokenParts } from './shared/tabular/text-game.js';
import { partNames } from './shared/tabular/words.js';

const options = {
  mode: {
    type: 'choice',
    choices: ['integrated-gradients', 'gradient-x-input'],
    default: 'integrated-gradients',
    help: 'the mean gradient on the way from a baseline, or the gradient at the text alone',
  },
  steps: {
    type: 'number',
    integer: true,
    min: 1,
    default: 20,
    help: 'points on the way from the baseline (Gauss-Legendre), for integrated gradients',
  },
  baseline: {
    type: 'choice',
    choices: ['pad', 'mask', 'zero'],
    default: undefined,
    help: 'what the way begins at, in place of every token of the text: the padding token (if there is one), the mask token, or nothing (zeros)',
  },
  at: {
    type: 'choice',
    choices: ['tokens', 'embeddings'],
    default: 'tokens',
    help: 'differentiated by the looked-up token embeddings, or by what they are after positions are added and normalised',
  },
  unit: {
    type: 'choice',
    choices: ['word', 'token'],
    default: 'word',
    help: 'tokens are added up to words, or shown each by itself',
  },
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

/** A gap larger than this part of what is shared out gives a warning. */
const GAP = 0.05;

/**
 * Gradients of a transformer by its embedded tokens, one number a token,
 * added up to words.
 *
 * - `integrated-gradients` (Sundararajan et al. 2017): Σ_d (e − e') · Σ_k w_k
 *   ∂s/∂e at e' + α_k (e − e'), with the nodes and weights of Gauss–Legendre.
 *   e' is the text with every token of its own replaced by `baseline`; special
 *   tokens stay. The weights sum to s(text) − `parameters.baseValue` up to
 *   `parameters.completenessGap`.
 * - `gradient-x-input` (Shrikumar et al. 2016): Σ_d e · ∂s/∂e at the text.
 *
 * What special tokens get stands in `other`. Needs a transformer that
 * `loadModel` read, whose derivatives are known. Prefer `text-occlusion` for
 * what really happens without a word, `partition-shap` for exact sums.
 */
export const textGradients = explainer({
  id: 'text-gradients',
  summary: 'gradients by the tokens of a transformer',
  family: 'tabular',
  description:
    'What each word adds to the score, by the gradient of the score with respect to its embedded tokens; negative words lower it.',
  reference: 'Sundararajan 2017',
  cost: '22 forward + 22 backward (steps + 2)',
  needs: {},
  documents: ['text'],
  records: ['weighted-spans'],
  options,

  lacks(model: TabularModel): string | undefined {
    if (model.documents !== 'texts' || model.tokens === undefined) {
      return 'needs the gradients of a transformer';
    }
    const { withoutGradients } = model.tokens;
    return (
      withoutGradients && `needs gradients, which this one does not give (${withoutGradients})`
    );
  },

  async explain(context) {
    const { model, texts } = textTask(context);
    const { mode, unit, steps, at } = context.options;
    const tokens = model.tokens!;
    const baseline = context.options.baseline ?? usualBaseline(tokens);
    const prediction = await model.predict(texts, { signal: context.batch.signal });
    const choice = featureChoice(context.options);
    const integrated = mode === 'integrated-gradients';
    const points = integrated ? steps + 2 : 1;
    const progress = new Progress(context, points * texts.length);
    const samples: SampleRecord[] = [];
    for (const [n, text] of texts.entries()) {
      progress.check();
      const encoded = tokens.encode(text);
      const { targets, score, labels } = context;
      const scores = scoresFor(model, prediction, n, targets[n], score, labels);
      const found = integrated
        ? await alongThePath(context, model, encoded, scores, {
            at,
            baseline,
            rule: gaussLegendre(steps),
          })
        : await atTheText(context, model, encoded, scores, at);
      progress.add(points);
      if (encoded.special.every((is) => is === 1)) context.warn('the text has no tokens', n);
      const gaps = found.map(({ weights, rise }) => sum(weights) - rise);
      const wide = gaps.findIndex((gap, t) => Math.abs(gap) > GAP * Math.abs(found[t].rise));
      if (integrated && wide !== -1) {
        context.warn(
          `the weights sum to ${(found[wide].rise + gaps[wide]).toPrecision(3)}, and the score rises by ${found[wide].rise.toPrecision(3)} from the baseline to the text: take more steps than ${steps}`,
          n,
        );
      }
      const one = <T>(list: readonly T[]): T | T[] => (list.length === 1 ? list[0] : [...list]);
      samples.push({
        targets: scores.map((of, t) =>
          spansTarget(
            targetBase(of, model, prediction, n),
            text,
            featuresOf(text, encoded, found[t].weights, unit),
            { choice },
          ),
        ),
        parameters: {
          tokens: encoded.ids.length,
          ...(integrated && {
            baseline,
            baseValue: one(scores.map((of, t) => scoreAt(of, prediction, n) - found[t].rise)),
            completenessGap: one(gaps),
          }),
        },
      });
    }
    return asRecords(model, 'weighted-spans', samples);
  },
});

interface TokenWeights {
  /** One a token, special ones included. */
  readonly weights: Float64Array;
  /** How much higher the score is than that of the baseline. */
  readonly rise: number;
}

async function atTheText(
  context: ExplainContext,
  model: TextModel,
  encoded: TextTokens,
  scores: readonly ScoreOf[],
  at: EmbeddingPlace,
): Promise<TokenWeights[]> {
  const tokens = model.tokens!;
  const own = await tokens.embed(encoded, at);
  const { gradients } = await tokens.differentiate({
    at,
    input: encoded,
    count: 1,
    write: (_, into) => into.set(own),
    targets: scores.map((of) => graphTarget(of, model)),
    score: context.score,
    batch: { ...context.batch, onProgress: undefined },
  });
  return gradients.map((gradient) => ({
    weights: perToken(encoded, own, (i) => own[i] * gradient[i]),
    rise: NaN,
  }));
}

interface Path {
  readonly at: EmbeddingPlace;
  readonly baseline: 'pad' | 'mask' | 'zero';
  readonly rule: Quadrature;
}

async function alongThePath(
  context: ExplainContext,
  model: TextModel,
  encoded: TextTokens,
  scores: readonly ScoreOf[],
  { at, baseline, rule: { nodes, weights } }: Path,
): Promise<TokenWeights[]> {
  const tokens = model.tokens!;
  const own = await tokens.embed(encoded, at);
  const start = await baselineOf(tokens, encoded, own, at, baseline);
  const steps = nodes.length;
  // both ends too: their scores tell how well the sum holds
  const alphas = [...nodes, 0, 1];
  const size = own.length;
  const { gradients, scores: found } = await tokens.differentiate({
    at,
    input: encoded,
    count: alphas.length,
    write: (point, into) => {
      const alpha = alphas[point];
      for (let i = 0; i < size; i++) into[i] = start[i] + alpha * (own[i] - start[i]);
    },
    targets: scores.map((of) => graphTarget(of, model)),
    score: context.score,
    batch: { ...context.batch, onProgress: undefined },
  });
  return gradients.map((gradient, t) => {
    const mean = new Float64Array(size);
    for (let k = 0; k < steps; k++) {
      for (let i = 0; i < size; i++) mean[i] += weights[k] * gradient[k * size + i];
    }
    return {
      weights: perToken(encoded, own, (i) => (own[i] - start[i]) * mean[i]),
      rise: found[t][steps + 1] - found[t][steps],
    };
  });
}

/** The first that the tokenizer has. */
function usualBaseline({ pad, mask }: TokenPart): Path['baseline'] {
  if (pad !== undefined) return 'pad';
  return mask !== undefined ? 'mask' : 'zero';
}

/** The embedded tokens with those of the text replaced; special tokens stay as they are. */
async function baselineOf(
  tokens: TokenPart,
  encoded: TextTokens,
  own: Float32Array,
  at: EmbeddingPlace,
  baseline: Path['baseline'],
): Promise<Float32Array> {
  if (baseline === 'zero') {
    const width = own.length / encoded.ids.length;
    return own.map((value, i) => (isOwn(encoded, Math.floor(i / width)) ? 0 : value));
  }
  const token = tokens[baseline];
  if (token === undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `baseline '${baseline}' needs a ${baseline} token, which the tokenizer does not have; take ${(
        ['pad', 'mask'] as const
      )
        .filter((name) => tokens[name] !== undefined)
        .map((name) => `'${name}' or `)
        .join('')}'zero'`,
    );
  }
  const ids = encoded.ids.map((id, i) => (isOwn(encoded, i) ? token.id : id));
  return tokens.embed({ ids, types: encoded.types }, at);
}

function isOwn({ special }: TextTokens, i: number): boolean {
  return special[i] === 0;
}

/** The explained number as a combination of the outputs that the graph has. */
function graphTarget({ weights, of }: ScoreOf, model: TabularModel): Target {
  // one logit gives two probabilities, of which the graph has the second
  const isPair = of === 'values' && model.link.kind === 'logistic' && weights.length === 2;
  const own = isPair ? [weights[1] - weights[0]] : [...weights];
  return {
    kind: 'weighted',
    terms: own.map((weight, index) => ({ weight, target: { kind: 'class', index } })),
  };
}

function perToken(
  { ids }: TextTokens,
  own: Float32Array,
  valueAt: (index: number) => number,
): Float64Array {
  const width = own.length / ids.length;
  const weights = new Float64Array(ids.length);
  for (let i = 0; i < own.length; i++) weights[Math.floor(i / width)] += valueAt(i);
  return weights;
}

/** Words (or tokens) with their places; what stands nowhere is named as the vocabulary spells it. */
function featuresOf(
  text: string,
  encoded: TextTokens,
  weights: Float64Array,
  unit: string,
): TextFeature[] {
  const parts = tokenParts(text, encoded, unit);
  const names = partNames(parts);
  const features = parts.map(({ start, end, tokens = [] }, i): TextFeature => ({
    feature: names[i],
    weight: tokens.reduce((total, token) => total + weights[token], 0),
    spans: [[start, end]],
  }));
  const placed = new Set(parts.flatMap(({ tokens = [] }) => tokens));
  const others = encoded.tokens.flatMap((token, i) => (placed.has(i) ? [] : [{ token, i }]));
  const otherNames = partNames(others.map(({ token }) => ({ text: token, start: 0, end: 0 })));
  return [
    ...features,
    ...others.map(({ i }, k): TextFeature => ({
      feature: otherNames[k],
      weight: weights[i],
      spans: [],
    })),
  ];
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}
