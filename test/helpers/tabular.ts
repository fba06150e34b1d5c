/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
/** Reading the shared reference data for tables: arrays, and the library-neutral form of tree models. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Decide, FlatTree } from '../../src/maths/trees/tree.js';
import { sharedFile } from './shared.js';

export interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Numbers that JSON cannot hold are strings there. */
export function readGolden(path: string): any {
  return JSON.parse(readFileSync(path, 'utf8'), (_, value) => {
    if (value !== null && typeof value === 'object' && 'shape' in value && 'data' in value) {
      return {
        ...value,
        data: (value.data as unknown[]).map((v) =>
          typeof v === 'string' && ['NaN', 'Infinity', '-Infinity'].includes(v) ? Number(v) : v,
        ),
      };
    }
    return value;
  });
}

/** One part of one case, or undefined (after telling so) where the shared data is absent. */
export function golden(t: ExecutionContext, ...parts: string[]): any {
  const path = sharedFile(t, 'golden', 'tabular', ...parts);
  return path === undefined ? undefined : readGolden(path);
}

/** The cases of a part that hold the file. */
export function goldenCases(
  t: ExecutionContext,
  part: string,
  file: string,
): { name: string; folder: string; read: (file: string) => any }[] {
  const readme = sharedFile(t, 'golden', 'tabular', 'README.md');
  if (readme === undefined) return [];
  const folder = join(dirname(readme), part);
  return readdirSync(folder)
    .filter((name) => readdirSync(join(folder, name)).includes(file))
    .map((name) => ({
      name,
      folder: join(folder, name),
      read: (other) => readGolden(join(folder, name, other)),
    }));
}

/** `[n, m]` as rows. */
export function rowsOf({ shape, data }: GoldenArray, count = shape[0]): number[][] {
  return Array.from({ length: count }, (_, n) => data.slice(n * shape[1], (n + 1) * shape[1]));
}

export interface Neutral {
  readonly trees: FlatTree[];
  readonly decide: Decide;
  readonly features: number;
  readonly outputs: number;
  readonly base: readonly number[];
  readonly link: string;
}

/** `trees.json`: a plain reading of what its note says, to hold the mathematics to. */
export function neutralTrees(json: any): Neutral {
  const trees = json.trees.map((tree: any, t: number) => ({
    left: tree.left,
    right: tree.right,
    feature: tree.feature,
    cover: tree.cover,
    values: tree.value.data,
    outputs: [json.outputs[t]].flat(),
    scale: json.scale,
  }));
  const cast = json.input_cast === 'float32' ? Math.fround : (x: number) => x;
  const decide: Decide = (t, row, goesLeft) => {
    const tree = json.trees[t];
    tree.left.forEach((child: number, node: number) => {
      if (child < 0) return;
      let x = cast(row[tree.feature[node]]);
      const missing = tree.missing?.[node] ?? 'nan';
      const categories = tree.categories_left?.[node];
      const threshold = tree.threshold[node];
      let left: boolean;
      if (categories !== undefined) {
        // XGBoost sends what it lists to the right, LightGBM to the left
        if (missing === 'xgbcat') {
          left = Number.isNaN(x) ? tree.default_left[node] : !categories.includes(Math.trunc(x));
        } else left = !Number.isNaN(x) && x >= 0 && categories.includes(Math.trunc(x));
      } else if (missing === 'none') {
        if (Number.isNaN(x)) x = 0;
        left = json.op === '<' ? x < threshold : x <= threshold;
      } else if (Number.isNaN(x) || (missing === 'zero' && Math.abs(x) <= Math.fround(1e-35))) {
        left = tree.default_left[node];
      } else left = json.op === '<' ? x < threshold : x <= threshold;
      goesLeft[node] = left ? 1 : 0;
    });
  };
  return {
    trees,
    decide,
    features: json.feature_names.length,
    outputs: json.n_outputs,
    base: json.base.data,
    link: json.link,
  };
}

/** Largest difference over the largest expected size. */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let scale = 0;
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]));
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= most)) most = difference;
  }
  if (actual.length !== expected.length) return NaN;
  return scale === 0 ? most : most / scale;
}
