/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
/** Every number that ELI5 shows of the models in the shared data, from the files that people have. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  explainPrediction,
  explainWeights,
  loadModel,
  type FeatureWeights,
  type FeatureWeightsExplanation,
  type WeightedSpansExplanation,
} from '../../../src/index.js';
import { readGolden, rowsOf } from '../../helpers/tabular.js';
import { sharedFile } from '../../helpers/shared.js';

const EXACT = 1e-6;

function folders(t: ExecutionContext, part: string): { name: string; path: string }[] {
  const readme = sharedFile(t, 'golden', 'tabular', 'README.md');
  if (readme === undefined) return [];
  const folder = join(dirname(readme), part);
  return readdirSync(folder)
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => existsSync(join(path, 'eli5.json')));
}

/** ELI5's arguments, as they are written in the keys. */
function optionsOf(key: string): Record<string, unknown> | undefined {
  const pair = /^top=\((\d+),(\d+)\)$/.exec(key);
  if (pair !== null) return { top: [Number(pair[1]), Number(pair[2])] };
  const [name, value] = key.split(/=(.*)/s);
  if (key === 'default') return {};
  if (name === 'top') return { top: value === 'None' ? null : Number(value) };
  if (name === 'feature_re') return { featureRe: value };
  if (key === 'feature_filter=name!=<BIAS>' || key === 'feature_filter=no bias') {
    return { featureFilter: (feature: string) => feature !== '<BIAS>' };
  }
  if (key === 'feature_filter=value>0') {
    return { featureFilter: (_: string, x: number) => x > 0 };
  }
  if (key === 'feature_filter=len>4') {
    return { featureFilter: (feature: string) => feature.length > 4 };
  }
  if (name === 'targets') return { targets: JSON.parse(value) };
  return undefined;
}

/** Hashed names: `a | (-)b`. */
function nameOf(feature: any): string {
  // a hashed column without a name is x12 there, x[12] here
  if (typeof feature === 'string') return feature.replace(/^x(\d+)$/, 'x[$1]');
  return feature.map(({ name, sign }: any) => (sign < 0 ? `(-)${name}` : name)).join(' | ');
}

interface Expected {
  readonly pos: readonly any[];
  readonly neg: readonly any[];
  readonly pos_remaining: number;
  readonly neg_remaining: number;
}

/** Weights are equal in order; entries of equal weight may change places. */
function sameWeights(
  t: ExecutionContext,
  what: string,
  actual: FeatureWeights,
  expected: Expected,
  tolerance = EXACT,
  values = true,
): void {
  for (const side of ['pos', 'neg'] as const) {
    const got = actual[side];
    const want = expected[side];
    t.is(got.length, want.length, `${what} ${side}`);
    const scale = Math.max(1e-3, ...want.map(({ weight }) => Math.abs(weight)));
    want.forEach(({ weight }, i) => {
      t.true(
        Math.abs((got[i]?.weight ?? NaN) - weight) <= tolerance * scale,
        `${what} ${side} ${i}: ${got[i]?.weight} for ${weight}`,
      );
    });
    const last = want[want.length - 1]?.weight;
    for (const { feature, weight, value } of want) {
      const name = nameOf(feature);
      const found = got.find(
        (entry) => entry.feature === name && Math.abs(entry.weight - weight) <= 1e-5 * scale,
      );
      // the last weights kept may be others of the same size
      const tied = Math.abs(weight - last) <= tolerance * scale;
      if (found === undefined && tied) continue;
      t.true(found !== undefined, `${what} has no ${name} ${weight}`);
      if (values && typeof value === 'number' && found !== undefined) {
        t.true(
          Math.abs(Number(found.value) - value) <= 1e-6 * Math.max(1, Math.abs(value)),
          `${what} ${name}: value ${String(found.value)} for ${value}`,
        );
      }
    }
  }
  t.is(actual.posRemaining, expected.pos_remaining, `${what} remaining`);
  t.is(actual.negRemaining, expected.neg_remaining, `${what} remaining`);
}

test('linear models: predictions explained as ELI5 does', async (t) => {
  for (const { name, path } of folders(t, '1-linear')) {
    const eli5 = readGolden(join(path, 'eli5.json'));
    const data = readGolden(join(path, 'data.json'));
    const model = await loadModel(join(path, 'model.sklearn.json'));
    for (const [doc, cases] of Object.entries<any>(eli5.explain_prediction)) {
      const at = Number(/\d+$/.exec(doc)![0]);
      const document = data.documents?.[at] ?? rowsOf(data.X)[at];
      for (const [key, expected] of Object.entries<any>(cases)) {
        const options = optionsOf(key);
        const targets = expected?.dict?.targets;
        if (options === undefined || !Array.isArray(targets)) continue;
        const what = `${name} ${doc} ${key}`;
        const made = (await explainPrediction(model, document, {
          top: null,
          ...options,
          method: 'linear',
          targets: targets.map(({ target }: any) => indexOf(target, data, model)),
        } as any)) as FeatureWeightsExplanation | WeightedSpansExplanation;
        for (const [k, target] of targets.entries()) {
          const own = made.targets[k];
          sameWeights(t, what, own.featureWeights!, target.feature_weights);
          // the score of a binary model is printed with the sign of its second class
          if (target.score !== null) {
            t.true(
              Math.abs(Math.abs(own.score!) - Math.abs(target.score)) <=
                EXACT * Math.max(1, Math.abs(target.score)),
              `${what} score ${own.score} for ${target.score}`,
            );
          }
          if (target.proba !== null) {
            t.true(
              Math.abs(own.proba! - target.proba) <= EXACT,
              `${what} proba ${own.proba} for ${target.proba}`,
            );
          }
        }
      }
    }
  }
});

function indexOf(target: any, data: any, model: any): number {
  if (typeof target === 'number') return target;
  const names: string[] =
    model.model.classNames ?? model.model.outputNames ?? data.target_names ?? [];
  if (names.includes(target)) return names.indexOf(target);
  return Number(/\d+$/.exec(target)?.[0] ?? 0);
}

test('linear models: weights as ELI5 shows them', async (t) => {
  for (const { name, path } of folders(t, '1-linear')) {
    const eli5 = readGolden(join(path, 'eli5.json'));
    const data = readGolden(join(path, 'data.json'));
    const model = await loadModel(join(path, 'model.sklearn.json'));
    const hashed = /hashing/.test(name);
    const trained = hashed
      ? readGolden(join(path, '..', 'corpus.json')).documents.slice(40)
      : undefined;
    for (const [key, expected] of Object.entries<any>(eli5.explain_weights)) {
      const options = key === 'no_vec' ? {} : optionsOf(key);
      if (options === undefined || !Array.isArray(expected?.dict?.targets)) continue;
      // stored cases show fewer features than by default
      const [{ feature_weights: some }] = expected.dict.targets;
      if (some.pos_remaining + some.neg_remaining > 0 && !('top' in options)) {
        options.top = some.pos.length + some.neg.length;
      }
      const what = `${name} ${key}`;
      const made = (await explainWeights(model, {
        ...options,
        ...(hashed && key !== 'no_vec' && { documents: trained }),
      } as any)) as FeatureWeightsExplanation;
      for (const [k, target] of expected.dict.targets.entries()) {
        const wanted = indexOf(target.target, data, model);
        const own =
          made.targets.length === 1
            ? made.targets[0]
            : made.targets.find((one) => one.target === wanted);
        t.true(own !== undefined, `${what} ${k}`);
        sameWeights(t, what, own!.featureWeights, target.feature_weights, EXACT, false);
      }
    }
  }
});
