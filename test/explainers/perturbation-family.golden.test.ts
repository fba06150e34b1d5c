/** Perturbation methods and wrappers on a real network against what captum and keras-explainable froze. */
import test, { type ExecutionContext } from 'ava';
import { gradCam } from '../../explainers/grad-cam.js';
import { kernelShap } from '../../explainers/kernel-shap.js';
import { lime } from '../../explainers/lime.js';
import { occlusion } from '../../explainers/occlusion.js';
import { rise } from '../../explainers/rise.js';
import { saliency } from '../../explainers/saliency.js';
import { smooth } from '../../explainers/smooth.js';
import { tta } from '../../explainers/tta.js';
import type { Explainer } from '../../src/container/plugin.js';
import { classTarget } from '../../src/model/targets.js';
import { relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { golden, mobilenet, mobilenetInput } from '../helpers/mobilenet.js';
import { pool28, poolClose } from '../helpers/summary.js';

type Grid = readonly (readonly number[])[];

async function run(
  t: ExecutionContext,
  explainer: Explainer,
  options: Readonly<Record<string, unknown>> = {},
) {
  const model = (await mobilenet(t))!;
  const { maps, facts } = await mapsOf(explainer, model, await mobilenetInput(t, 'cat_dog'), {
    targets: [classTarget(282)],
    inputRange: [-1, 1],
    ...(explainer.needs.layer === true ? { layer: 'conv_pw_13_relu' } : {}),
    options,
  });
  return { map: maps[0][0], facts };
}

async function captum(t: ExecutionContext): Promise<Readonly<Record<string, never>>> {
  const file = (await golden(t, 'peers', 'captum', 'cat_dog_282.json')) as {
    attributions: Record<string, never>;
  };
  return file.attributions;
}

async function kerasExplainable(
  t: ExecutionContext,
): Promise<Readonly<Record<string, { maps: { pool28: Grid }[][] }>>> {
  const file = (await golden(t, 'peers', 'keras-explainable', 'cat_dog.json')) as {
    runs: Record<string, { maps: { pool28: Grid }[][] }>;
  };
  return file.runs;
}

test.serial('occlusion at its own defaults, but for the baseline', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  const { map, facts } = await run(t, occlusion, { baseline: 0 });
  t.deepEqual(facts, { patch: [28, 28], stride: [14, 14] });
  const { blocks16, max } = (await captum(t))[
    'Occlusion (3,28,28) strides (3,14,14) baseline 0'
  ] as { blocks16: Grid; max: number };
  let worst = 0;
  map.data.forEach((value, p) => {
    const [y, x] = [Math.floor(p / 224), p % 224].map((at) => Math.floor(at / 14));
    worst = Math.max(worst, Math.abs(value - blocks16[y][x]));
  });
  t.true(worst < 1e-4 * max, `differs by ${worst}`);
});

test.serial('kernel-shap adds up to what captum says the difference is', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  const { map } = await run(t, kernelShap, { segments: '7x7', baseline: 0, samples: 200 });
  const { fullMinusBaselineLogit } = (await captum(t))[
    'KernelShap 7x7 grid, baseline 0, n_samples 1000'
  ] as { fullMinusBaselineLogit: number };
  let sum = 0;
  for (let y = 0; y < 7; y++) {
    for (let x = 0; x < 7; x++) sum += map.data[32 * y * 224 + 32 * x];
  }
  t.true(Math.abs(sum - fullMinusBaselineLogit) < 1e-3, `${sum}`);
});

test.serial('occlusion by squares side by side is captum’s feature ablation', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  const { map } = await run(t, occlusion, { patch: 32, stride: 32, baseline: 0 });
  const grid = ablated(await captum(t));
  const error = relativeError(cells7(map), grid.flat()).error;
  t.true(error < 1e-4, `differs by ${error} of the maximum`);
});

test.serial('kernel-shap and lime agree with captum about as its own seeds agree', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  const common = { segments: '7x7', baseline: 0, samples: 1000 };
  for (const [explainer, key, least] of [
    [kernelShap, 'KernelShap 7x7 grid, baseline 0, n_samples 1000', 0.85],
    // captum fits a lasso, which sets small weights to 0
    [lime, 'Lime 7x7 grid, baseline 0, n_samples 1000', 0.93],
  ] as const) {
    const { map } = await run(t, explainer, common);
    const { mean } = (await captum(t))[key] as { mean: Grid };
    const agreement = correlation(cells7(map), mean.flat());
    t.log(`${explainer.id}: correlation ${agreement.toFixed(3)} with the mean of captum's seeds`);
    t.true(agreement > least, `${explainer.id}: ${agreement}`);
  }
});

test.serial(
  'rise, which no other library froze, sees what occlusion of the same squares sees',
  async (t) => {
    if ((await mobilenet(t)) === undefined) return;
    const { map } = await run(t, rise, { masks: 1000, baseline: 0 });
    const grid = ablated(await captum(t));
    const agreement = correlation(cells7(map), grid.flat());
    t.log(`correlation ${agreement.toFixed(3)}`);
    t.true(agreement > 0.6, `${agreement}`);
  },
);

test.serial('smoothed saliency lies within what captum draws from seed to seed', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  const { map } = await run(t, smooth(saliency), { sigma: 0.15 });
  const frozen = (await captum(t))['NoiseTunnel(Saliency) smoothgrad 25, stdevs 0.3'] as {
    meanOfPool28ChannelMaxAbs: Grid;
    meanPairwiseCorrelation: number;
  };
  const expected = frozen.meanOfPool28ChannelMaxAbs.flat();
  t.true(correlation([...pool28(map)], expected) > 0.97);
  const plain = await run(t, saliency);
  t.true(correlation([...pool28(plain.map)], expected) < 0.95, 'the plain map is another');
});

test.serial('tta of grad-cam, its result not doubled', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  const runs = await kerasExplainable(t);
  const half = (grid: Grid) => grid.map((row) => row.map((v) => v / 2));
  for (const [flip, key] of [
    ['none', 'tta(gradcam) called directly, scales [1.0], hflip False'],
    ['horizontal', 'tta(gradcam) called directly, scales [1.0], hflip True'],
  ]) {
    const { map } = await run(t, tta(gradCam), { scales: [1], flip });
    poolClose(t, map, half(runs[key].maps[0][0].pool28), 1e-4, flip);
  }
});

function ablated(frozen: Readonly<Record<string, never>>): Grid {
  return (frozen['FeatureAblation 7x7 grid, baseline 0'] as { grid7: Grid }).grid7;
}

/** Means of the 7 × 7 squares of a map of 224 × 224. */
function cells7({ data }: { readonly data: Float32Array }): number[] {
  const cells = new Array<number>(49).fill(0);
  data.forEach((value, p) => {
    cells[Math.floor(p / 224 / 32) * 7 + Math.floor((p % 224) / 32)] += value / 1024;
  });
  return cells;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (v: readonly number[]) => v.reduce((x, y) => x + y) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  const dot = (f: (i: number) => number) => a.reduce((sum, _, i) => sum + f(i), 0);
  return (
    dot((i) => (a[i] - ma) * (b[i] - mb)) /
    Math.sqrt(dot((i) => (a[i] - ma) ** 2) * dot((i) => (b[i] - mb) ** 2))
  );
}
