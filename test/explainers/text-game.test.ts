import { dirname } from 'node:path';
import test from 'ava';
import {
  explainPrediction,
  isWhylensError,
  loadModel,
  modelOfTexts,
  type LoadedModel,
  type WeightedSpansExplanation,
} from '../../src/index.js';
import type { TextModel } from '../../src/model/tabular/interface.js';
import { sharedFile } from '../helpers/shared.js';
import { readGolden, worst } from '../helpers/tabular.js';
import { sentimentFiles } from '../helpers/tiny-transformer.js';

const TEXT = 'Not bad, but slow: goods!';

const explain = async (model: LoadedModel, text: string, options: Record<string, unknown>) =>
  (await explainPrediction(model, text, options as object)) as WeightedSpansExplanation;

const byPlace = (expl: WeightedSpansExplanation): Map<number, number> =>
  new Map(
    expl.targets[0].weightedSpans.documents[0].spans.map(({ spans: [[start]], weight }) => [
      start,
      weight,
    ]),
  );

test('occlusion of tokens and Shapley values of words are those of torch', async (t) => {
  const file = sharedFile(
    t,
    'golden',
    'tabular',
    '5-transformer',
    'bert-trained',
    'explanations.json',
  );
  if (file === undefined) return;
  const loaded = await loadModel(dirname(file));
  const { cases } = readGolden(file);
  for (const one of cases) {
    const { offsets, special_tokens_mask: special, target: k } = one;
    for (const [replaceWith, key] of [
      [undefined, 'mask_token'],
      ['mask', 'mask_token'],
      ['[MASK]', 'mask_token'],
      ['pad', 'pad_token'],
      ['attention', 'attention_mask_0'],
      ['', 'deleted'],
    ]) {
      const method = 'text-occlusion';
      const options = { method, unit: 'token', ...(replaceWith !== undefined && { replaceWith }) };
      for (const [score, name] of [
        ['logit', 'logit_drop'],
        ['output', 'probability_drop'],
      ]) {
        const expl = await explain(loaded, one.text, { ...options, score, targets: [k] });
        const expected = one.occlusion[key!][name!].filter((_: unknown, i: number) => !special[i]);
        const actual = offsets.filter((_: unknown, i: number) => !special[i]);
        t.true(
          worst(
            actual.map(([from]: [number]) => byPlace(expl).get(from) ?? 0),
            expected.map((row: number[]) => row[k]),
          ) < 1e-4,
          `${replaceWith} ${score} ${one.text}`,
        );
      }
    }
    const shapley = one.exact_shapley_over_words;
    if (shapley === undefined) continue;
    const players = shapley.players_token_indices.map(([first]: [number]) => offsets[first][0]);
    for (const [replaceWith, key] of [
      ['mask', 'mask_token/logit'],
      ['attention', 'attention_mask_0/logit'],
    ]) {
      const expl = await explain(loaded, one.text, {
        method: 'permutation-shap',
        permutations: 110,
        replaceWith,
        targets: [k],
      });
      const { phi, base } = shapley.values[key];
      const columns = phi.shape[1];
      t.true(expl.parameters.exact as boolean);
      t.true(
        worst(
          players.map((from: number) => byPlace(expl).get(from) ?? 0),
          players.map((_: number, i: number) => phi.data[i * columns + k]),
        ) < 1e-5,
      );
      t.true(Math.abs((expl.parameters.baseValue as number) - base.data[k]) < 1e-5);
    }
  }
  loaded.dispose();
});

test('words of a transformer come and go whole, punctuation too', async (t) => {
  const { files, tiny } = sentimentFiles('bert');
  const loaded = await loadModel(files);
  const tokens = (loaded.model as TextModel).tokens!;
  const { ids, words, spans } = tokens.encode(TEXT);
  const expl = await explain(loaded, TEXT, { method: 'text-occlusion', targets: [1] });
  t.is(expl.parameters.replacedBy, '[MASK]');
  t.is(expl.parameters.parts, 8);
  const whole = tiny.logits([...ids])[1];
  for (let word = 0; word < 8; word++) {
    const masked = [...ids].map((id, i) => (words[i] === word ? tokens.mask!.id : id));
    const from = spans[words.indexOf(word)][0];
    t.true(Math.abs(byPlace(expl).get(from)! - (whole - tiny.logits(masked)[1])) < 1e-5, `${word}`);
  }
  loaded.dispose();
});

test('replaceWith and unit change every method of texts, for a transformer and for a function', async (t) => {
  const loaded = await loadModel(sentimentFiles('roberta').files);
  const plain = modelOfTexts(
    (texts: string[]) =>
      texts.map((text) => {
        const score = text.length + 3 * text.split('o').length + (/bad/.test(text) ? 7 : 0) - 28;
        return [-score, score];
      }),
    { classNames: ['no', 'yes'] },
  );
  for (const method of [
    'text-occlusion',
    'partition-shap',
    'permutation-shap',
    'lime-text',
    'counterfactual',
  ]) {
    for (const [model, changes] of [
      [loaded, [{ unit: 'token' }, { replaceWith: 'pad' }, { replaceWith: 'attention' }]],
      [plain, [{ unit: 'char' }, { replaceWith: 'so' }]],
    ] as const) {
      const found = async (options: object): Promise<string> => {
        const expl = (await explainPrediction(model, TEXT, {
          method,
          ...(method !== 'counterfactual' && { targets: [1] }),
          ...(method === 'lime-text' && { samples: 60 }),
          ...options,
        } as object)) as WeightedSpansExplanation;
        const { counterfactual, baseValue } = expl.parameters;
        return JSON.stringify([expl.targets, counterfactual, baseValue]);
      };
      const base = await found({});
      for (const change of changes) {
        t.not(await found(change), base, `${method} ${JSON.stringify(change)}`);
      }
    }
  }
  loaded.dispose();
});

test('what cannot stand for a token is refused', async (t) => {
  const plain = modelOfTexts((texts: string[]) => texts.map((text) => text.length));
  const refused = async (model: unknown, options: object, message: RegExp): Promise<void> => {
    const error = await t.throwsAsync(
      explainPrediction(model, TEXT, { method: 'text-occlusion', ...options }),
    );
    t.true(isWhylensError(error, 'INVALID_OPTION'), error?.message);
    t.regex(error!.message, message);
  };
  await refused(plain, { unit: 'token' }, /for transformers/);
  const maskless = await loadModel(sentimentFiles('distilbert', { maskless: true }).files);
  await refused(maskless, { replaceWith: 'attention' }, /attention mask/);
  maskless.dispose();
  const files = sentimentFiles('distilbert').files.filter(
    ({ name }) => name !== 'tokenizer_config.json',
  );
  const without = await loadModel(files);
  await refused(without, { replaceWith: 'mask' }, /no mask token/);
  const usual = await explainPrediction(without, TEXT);
  t.is(usual.parameters.baseline, 'zero');
  const error = await t.throwsAsync(
    explain(without, TEXT, { method: 'text-gradients', baseline: 'pad' }),
  );
  t.true(isWhylensError(error, 'INVALID_OPTION'));
  t.regex(error!.message, /needs a pad token.*'zero'/);
  without.dispose();
});
