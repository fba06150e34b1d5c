import { dirname } from 'node:path';
import test from 'ava';
import {
  explainPrediction,
  isWhylensError,
  loadModel,
  modelOfTexts,
  type FeatureWeights,
  type LoadedModel,
  type WeightedSpansExplanation,
} from '../../src/index.js';
import { gaussLegendre } from '../../src/maths/quadrature.js';
import type { TextModel } from '../../src/model/tabular/interface.js';
import { sharedFile } from '../helpers/shared.js';
import { readGolden, worst } from '../helpers/tabular.js';
import { sentimentFiles } from '../helpers/tiny-transformer.js';

const TEXT = 'Not bad, but slow: goods!';

const explain = async (
  model: LoadedModel,
  text: string,
  options: Record<string, unknown> = {},
): Promise<WeightedSpansExplanation> =>
  (await explainPrediction(model, text, {
    method: 'text-gradients',
    ...options,
  } as object)) as WeightedSpansExplanation;

const all = ({ pos, neg }: FeatureWeights) => [...pos, ...neg];

/** By the place where each stands, and by name for what stands nowhere. */
function byPlace(expl: WeightedSpansExplanation, target = 0): Map<string | number, number> {
  const { weightedSpans } = expl.targets[target];
  const placed = weightedSpans.documents[0].spans.map(
    ({ spans: [[start]], weight }) => [start, weight] as const,
  );
  const others = weightedSpans.other === undefined ? [] : all(weightedSpans.other);
  return new Map<string | number, number>([
    ...placed,
    ...others.map(({ feature, weight }) => [feature, weight] as const),
  ]);
}

const tokensOf = ({ model }: LoadedModel) => (model as TextModel).tokens!;

test('both modes are what torch and captum give, token by token', async (t) => {
  for (const name of ['bert-trained', 'bert-random']) {
    const file = sharedFile(t, 'golden', 'tabular', '5-transformer', name, 'explanations.json');
    if (file === undefined) return;
    const loaded = await loadModel(dirname(file));
    for (const one of readGolden(file).cases) {
      const { offsets, tokens, special_tokens_mask: special } = one;
      for (const [at, key] of [
        ['tokens', 'word_embeddings'],
        ['embeddings', 'embedding_output'],
      ]) {
        const compare = async (mode: string, expected: number[], limit: number): Promise<void> => {
          const expl = await explain(loaded, one.text, {
            mode,
            at,
            unit: 'token',
            targets: [one.target],
          });
          const found = byPlace(expl);
          const actual = tokens.map(
            (token: string, i: number) => found.get(special[i] ? token : offsets[i][0]) ?? 0,
          );
          t.true(
            worst(actual, expected) < limit,
            `${name} ${mode} ${at} ${worst(actual, expected)}`,
          );
        };
        await compare('gradient-x-input', one[`gradient_x_input_${key}`].data, 3e-5);
        const part = one.integrated_gradients[`${key}/gausslegendre`];
        await compare('integrated-gradients', part.attribution_per_token.data, 1e-5);
        const { parameters } = await explain(loaded, one.text, { at, targets: [one.target] });
        const gap = parameters.completenessGap as number;
        t.true(Math.abs(gap - part.convergence_delta.data[0]) < 1e-5, `${name} ${at} ${gap}`);
      }
    }
    loaded.dispose();
  }
});

for (const kind of ['bert', 'roberta'] as const) {
  test(`${kind}: slow transcription, words as sums of tokens, completeness`, async (t) => {
    const { files, tiny } = sentimentFiles(kind);
    const loaded = await loadModel(files);
    const encoded = tokensOf(loaded).encode(TEXT);
    const { width } = tiny;
    const ids = [...encoded.ids];
    const pad = tokensOf(loaded).pad!.id;
    const own = tiny.embedded(ids);
    const start = tiny.embedded(ids.map((id, i) => (encoded.special[i] === 1 ? id : pad)));
    const { nodes, weights } = gaussLegendre(6);
    const score = (e: number[]): number => tiny.logits(ids, { embedded: e })[1];
    const expected = ids.map((_, i) => {
      let sum = 0;
      for (let d = i * width; d < (i + 1) * width; d++) {
        nodes.forEach((alpha, k) => {
          const at = start.map((v, j) => v + alpha * (own[j] - v));
          const up = at.map((v, j) => (j === d ? v + 1e-5 : v));
          const down = at.map((v, j) => (j === d ? v - 1e-5 : v));
          sum += ((own[d] - start[d]) * weights[k] * (score(up) - score(down))) / 2e-5;
        });
      }
      return sum;
    });
    const expl = await explain(loaded, TEXT, { targets: ['positive'], steps: 6, unit: 'token' });
    const found = byPlace(expl);
    encoded.spans.forEach(([from], i) => {
      if (encoded.special[i] === 1) t.true(Math.abs(expected[i]) < 1e-6);
      else if (expected[i] !== 0 && kind === 'bert') {
        t.true(Math.abs(found.get(from)! - expected[i]) < 1e-5, encoded.tokens[i]);
      }
    });
    const words = await explain(loaded, TEXT, { targets: ['positive'], steps: 6 });
    const last = encoded.words.indexOf(Math.max(...encoded.words) - 1);
    const word = encoded.words[last];
    const sum = expected.reduce((a, b, i) => (encoded.words[i] === word ? a + b : a), 0);
    const from = encoded.spans[last][0];
    t.true(Math.abs(byPlace(words).get(from)! - sum) < 2e-5);
    t.is(TEXT.slice(from, from + 5), 'goods');
    // with more points the sum holds to float32's digits
    const fine = await explain(loaded, TEXT, { targets: ['positive'], steps: 60 });
    const total = [...byPlace(fine).values()].reduce((a, b) => a + b, 0);
    const rise = fine.targets[0].score! - (fine.parameters.baseValue as number);
    t.true(Math.abs(total - rise) < 1e-5);
    t.true(Math.abs(fine.parameters.completenessGap as number) < 1e-5);
    t.true(Math.abs((fine.parameters.baseValue as number) - score(start)) < 1e-5);
    loaded.dispose();
  });
}

test('every option changes what is found', async (t) => {
  const loaded = await loadModel(sentimentFiles('bert').files);
  const base = JSON.stringify((await explain(loaded, TEXT)).targets);
  for (const change of [
    { mode: 'gradient-x-input' },
    { steps: 1 },
    { baseline: 'mask' },
    { baseline: 'zero' },
    { at: 'embeddings' },
    { unit: 'token' },
    { top: 2 },
    { featureRe: '^b' },
    { featureFilter: (name: string) => name !== 'slow' },
    { score: 'output' },
    { targets: ['negative'] },
  ]) {
    const found = JSON.stringify((await explain(loaded, TEXT, change)).targets);
    t.not(found, base, JSON.stringify(change));
  }
  loaded.dispose();
});

test('targets: classes, several, one rather than another, probabilities', async (t) => {
  const loaded = await loadModel(sentimentFiles('bert').files);
  const both = await explain(loaded, TEXT, { targets: ['negative', 'positive'] });
  const rather = await explain(loaded, TEXT, {
    targets: [
      {
        kind: 'weighted',
        terms: [
          { target: { kind: 'class', index: 1 }, weight: 1 },
          { target: { kind: 'class', index: 0 }, weight: -1 },
        ],
      },
    ],
  });
  for (const [place, weight] of byPlace(rather)) {
    const difference = byPlace(both, 1).get(place)! - byPlace(both).get(place)!;
    t.true(Math.abs(weight - difference) < 1e-5, String(place));
  }
  // probabilities of two classes sum to 1: what raises one lowers the other as much
  const p = await explain(loaded, TEXT, { targets: [0, 1], score: 'output' });
  for (const [place, weight] of byPlace(p)) {
    t.true(Math.abs(weight + byPlace(p, 1).get(place)!) < 1e-6);
  }
  loaded.dispose();
  // one logit stands for both classes
  const single = await loadModel(sentimentFiles('distilbert', { classes: 1 }).files);
  for (const score of ['logit', 'output']) {
    const [no, yes] = [
      await explain(single, TEXT, { targets: [0], score, steps: 40 }),
      await explain(single, TEXT, { targets: [1], score, steps: 40 }),
    ];
    for (const [place, weight] of byPlace(no)) {
      t.true(Math.abs(weight + byPlace(yes).get(place)!) < 1e-6, score);
    }
    t.true(Math.abs(yes.parameters.completenessGap as number) < 1e-5);
  }
  single.dispose();
});

test('the default for a transformer; for a model without gradients the message names what works', async (t) => {
  const loaded = await loadModel(sentimentFiles('distilbert').files);
  const expl = (await explainPrediction(loaded, TEXT)) as WeightedSpansExplanation;
  t.is(expl.method, 'text-gradients');
  const rough = await explain(loaded, TEXT, { steps: 1, targets: [0] });
  const sum = [...byPlace(rough).values()].reduce((a, b) => a + b, 0);
  const rise = rough.targets[0].score! - (rough.parameters.baseValue as number);
  t.is(Math.abs(sum - rise) > 0.05 * Math.abs(rise), rough.warnings.length > 0);
  t.regex(rough.warnings.join(' '), /more steps than 1/);
  const none = await explain(loaded, '');
  t.deepEqual(all(none.targets[0].featureWeights!), []);
  t.regex(none.warnings.join(' '), /no tokens/);
  const cut = await loadModel(sentimentFiles('distilbert').files, { maxLength: 5 });
  const short = await explain(cut, TEXT);
  t.regex(short.warnings.join(' '), /at most 5 tokens/);
  loaded.dispose();
  cut.dispose();
  const plain = modelOfTexts((texts: string[]) => texts.map((text) => text.length));
  const error = await t.throwsAsync(explainPrediction(plain, 'a', { method: 'text-gradients' }));
  t.true(isWhylensError(error, 'UNSUPPORTED_MODEL'));
  t.regex(error!.message, /partition-shap.*lime-text.*text-occlusion/);
});
