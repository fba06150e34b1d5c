/**
 * `npm run evaluate`: every method of the registry on scenes that training never
 * saw, measured by every metric. Writes docs/evaluation.json, the table in
 * docs/evaluation.md and docs/images/evaluation.svg and .png; prints the table.
 * Some ten minutes on two free cores; with `--draw` only what is made of the numbers is made again.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getDefaultContainer, registryOf } from '../src/container/container.js';
import type { Explainer } from '../src/container/plugin.js';
import { withModel } from '../src/explain/prepare.js';
import {
  evaluateExplanation,
  explainPrediction,
  loadModel,
  type Explanation,
  type LoadedModel,
  type Metric,
} from '../src/index.js';
import { checkRandomisation, type RandomisationCase } from '../src/entry/evaluate.js';
import { encodePng } from '../src/entry/images.js';
import { estimate } from '../src/maths/index.js';
import type { ExplainableModel } from '../src/model/interface.js';
import { classTarget } from '../src/model/targets.js';
import { toPicture } from '../formatters/drawing/to-picture.js';
import { toSvg } from '../formatters/drawing/to-svg.js';
import { COLUMNS, type EvaluationTable, type MethodResult } from './evaluation.js';
import { evaluationFigure } from './evaluation-figure.js';
import { markdownTable, withTable } from './evaluation-page.js';
import { MODEL_FOLDER, ROOT } from './files.js';
import { counted } from './passes.js';
import { makeScene, SCENE_SIZE, type Scene } from './scenes.js';
import { loadSprites } from './sprites.js';

/** Training, its checks and the demo's scenes come from other seeds. */
const SEED = 40_000_003;
/** Scenes explained, and scenes of the randomisation check, by what one explanation costs in passes. */
const TIERS = [
  { below: 100, scenes: 24, randomised: 8 },
  { below: 1000, scenes: 12, randomised: 4 },
  { below: Infinity, scenes: 6, randomised: 2 },
] as const;
/** The same for all methods; fewer points than the defaults, which changes the mean little and the time much. */
const SETTINGS = {
  steps: 32,
  percentiles: [20, 50, 80],
  perturbations: 32,
  neighbours: 3,
  stages: 5,
} as const;
/** Methods with options other than their defaults, for the sake of time. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  rise: { masks: 1000 },
};
const BACKEND = 'wasm';

interface Case {
  readonly scene: Scene;
  /** Index of the explained object. */
  readonly which: number;
}

const docs = join(ROOT, 'docs');
const results = join(docs, 'evaluation.json');
const table = process.argv.includes('--draw')
  ? (JSON.parse(await readFile(results, 'utf8')) as EvaluationTable)
  : await measureAll();
await mkdir(join(docs, 'images'), { recursive: true });
await writeFile(results, `${JSON.stringify(table, null, 2)}\n`);
const figure = evaluationFigure(table);
await writeFile(join(docs, 'images/evaluation.svg'), toSvg(figure));
await writeFile(join(docs, 'images/evaluation.png'), encodePng(toPicture(figure, 2)));
const page = join(docs, 'evaluation.md');
await writeFile(page, withTable(await readFile(page, 'utf8'), table));
console.log(markdownTable(table));
console.log('written: docs/evaluation.json, docs/evaluation.md, docs/images/evaluation.{svg,png}');

async function measureAll(): Promise<EvaluationTable> {
  const registry = registryOf(getDefaultContainer());
  const loaded = await loadModel(join(MODEL_FOLDER, 'model.json'), {
    labels: join(MODEL_FOLDER, 'labels.json'),
    preprocess: 'tf',
    backend: BACKEND,
  });
  try {
    return await withModel(loaded, {}, registry, async ({ model }) => {
      const { cases, looked } = await findScenes(loaded, TIERS[0].scenes);
      const methods: MethodResult[] = [];
      for (const explainer of registry.explainers.values()) {
        const result = await measure(explainer, { loaded, model }, cases);
        if (result !== undefined) methods.push(result);
      }
      const area = ({ scene, which }: Case): number => {
        const { left, top, right, bottom } = scene.objects[which].box;
        return ((right - left) * (bottom - top)) / SCENE_SIZE ** 2;
      };
      return {
        model: loaded.name,
        backend: BACKEND,
        scenes: { seed: SEED, looked, taken: cases.length },
        settings: { ...SETTINGS, score: 'output', seed: 0 },
        boxes: round(cases.reduce((sum, one) => sum + area(one), 0) / cases.length),
        methods,
      };
    });
  } finally {
    loaded.dispose();
  }
}

/** Scenes whose two objects are the model's two top classes, so that its mistakes are not the methods'. */
async function findScenes(
  loaded: LoadedModel,
  count: number,
): Promise<{ cases: Case[]; looked: number }> {
  const sprites = await loadSprites();
  const cases: Case[] = [];
  let index = 0;
  while (cases.length < count) {
    const scene = makeScene(sprites, SEED, index++);
    const expl = await explainPrediction(loaded, scene.picture, {
      targets: [
        { kind: 'top', rank: 0 },
        { kind: 'top', rank: 1 },
      ],
    });
    const top = (expl as { targets: readonly { target: number | string }[] }).targets;
    if (!scene.objects.every((object) => top.some(({ target }) => target === object.index))) {
      continue;
    }
    // one object each time, so that scenes are independent draws
    cases.push({ scene, which: cases.length % 2 });
  }
  return { cases, looked: index };
}

async function measure(
  explainer: Explainer,
  { loaded, model }: { readonly loaded: LoadedModel; readonly model: ExplainableModel },
  all: readonly Case[],
): Promise<MethodResult | undefined> {
  const { id, family } = explainer;
  const options = OPTIONS[id] ?? {};
  const asLoaded = (seen: ExplainableModel): LoadedModel => ({
    ...loaded,
    model: seen,
    dispose: () => undefined,
  });
  const counting = counted(model);
  const explain = (seen: ExplainableModel, { scene, which }: Case): Promise<Explanation> =>
    explainPrediction(asLoaded(seen), scene.picture, {
      ...options,
      method: id,
      targets: [classTarget(scene.objects[which].index)],
    });
  const first = await explain(counting.model, all[0]);
  if (first.kind !== 'image') {
    console.error(`${id}: gives ${first.kind}, which have no map to measure`);
    return undefined;
  }
  const { forward, backward } = counting.passes;
  const tier = TIERS.find(({ below }) => forward + backward < below)!;
  const cases = all.slice(0, tier.scenes);
  const times: number[] = [];
  const values: Partial<Record<Metric, number[]>> = {};
  const explained: Explanation[] = [];
  for (const one of cases) {
    const started = performance.now();
    const explanation = await explain(model, one);
    times.push(performance.now() - started);
    explained.push(explanation);
    const evaluation = await evaluateExplanation(asLoaded(model), one.scene.picture, explanation, {
      ...SETTINGS,
      metrics: COLUMNS.map(({ metric }) => metric),
      boxes: [one.scene.objects[one.which].box],
    });
    for (const [metric, value] of Object.entries(evaluation.values)) {
      if (value !== null) (values[metric as Metric] ??= []).push(value);
    }
  }
  const checked = cases.slice(0, tier.randomised).map((one, n): RandomisationCase => {
    const expl = explained[n];
    if (expl.kind !== 'image') throw new Error(`expected a map, got ${expl.kind}`);
    const [{ definition, heatmap }] = expl.targets;
    return { doc: one, target: definition!, map: heatmap };
  });
  const randomisation = await checkRandomisation(model, checked, {
    stages: SETTINGS.stages,
    seed: 1,
    explain: async (redrawn, doc) => {
      const expl = await explain(redrawn, doc as Case);
      if (expl.kind !== 'image') throw new Error(`expected a map, got ${expl.kind}`);
      return expl.targets[0].heatmap;
    },
  });
  console.error(
    `${id}: ${randomisation.passed ? 'passes' : 'FAILS'} (${randomisation.stages.map((stage) => stage.rankCorrelation.toFixed(2)).join(' ')}), ${times.length} scenes, ${median(times).toFixed(0)} ms`,
  );
  return {
    id,
    family,
    options,
    n: cases.length,
    milliseconds: round(median(times)),
    forward,
    backward,
    metrics: Object.fromEntries(
      Object.entries(values).map(([metric, list]) => [metric, rounded(estimate(list)!)]),
    ),
    randomisation: { n: checked.length, ...rounded(randomisation) },
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** The same data with numbers that a reader can read. */
function rounded<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'number' ? round(item) : item)),
  ) as T;
}
