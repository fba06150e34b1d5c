import type { ExplainContext, ExplainedMaps, Explainer } from '../src/container/plugin.js';
import { SANITY } from '../src/container/plugin.js';
import type { LayerChoice, NdArray } from '../src/explanation.js';
import { sampleOf, sizeOf } from '../src/maths/ndarray.js';
import { seededRandom } from '../src/maths/random.js';
import { RunningMaps } from '../src/maths/running.js';
import { DEFAULT_MEMORY_BUDGET } from '../src/model/chunks.js';
import { runPlain } from './shared/input-calls.js';
import { explainPart, innerOptions, wrapper } from './shared/wrapper.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';

/** Noisy copies that are given to the wrapped method at once, however many there are in all. */
const COPIES_TOGETHER = 8;
/** What one copy is assumed to cost while the wrapped method holds it, in bytes per value of the input. */
const BYTES_PER_VALUE = 64;

const own = {
  n: {
    type: 'number',
    calls: true,
    integer: true,
    min: 1,
    default: 25,
    help: 'noisy copies',
  },
  sigma: {
    type: 'number',
    min: 0,
    default: 0.15,
    help: "standard deviation of the noise, relative to the range of the input's values",
  },
  combine: {
    type: 'choice',
    choices: ['mean', 'square', 'variance'],
    default: 'mean',
    help: 'what is made of the maps: mean (SmoothGrad), mean square (SquareGrad), variance (VarGrad)',
  },
} as const satisfies OptionSpecs;

/**
 * Smoothing (Smilkov et al. 2017): the mean over `n` copies of the input with
 * Gaussian noise of a method's raw maps; `square` is the mean of their squares
 * (SquareGrad, Hooker et al. 2019), `variance` their variance (VarGrad,
 * Adebayo et al. 2018). With σ = 0 it is the method itself, run once.
 *
 * Wraps any method that gives maps, CAMs included. The copies are made in
 * groups of at most 8, so memory does not grow with `n`. All samples see the
 * same noise, so a batch gives what single calls give.
 *
 * @example explainPrediction(model, doc, { method: 'smooth', of: 'grad-cam', n: 10 })
 */
const { explainer, around } = wrapper({
  id: 'smooth',
  summary: 'a method averaged over noisy copies of the input',
  description: "The method's maps, combined over copies of the input with noise added.",
  added: 'Combined over copies of the input with noise added.',
  reference: 'Smilkov 2017',
  cost: 'n (25)',
  sanity: SANITY.weights,
  seeded: true,
  of: {
    default: 'saliency',
    help: 'the method that is smoothed; its own options stand beside these',
  },
  options: own,
  explain: smoothed,
});

export { explainer as smoothing };

/**
 * The smoothed form of a method, as a method.
 *
 * @param method an explainer, or the id of one
 * @example explainPrediction(model, doc, { method: smooth('x-grad-cam'), sigma: 0.1 })
 */
export function smooth(method: Explainer | string): Explainer {
  return around(method);
}

type Context = ExplainContext<OptionValues<typeof own>>;

async function smoothed(context: Context, inner: Explainer): Promise<ExplainedMaps> {
  const { n: copies, sigma, combine } = context.options;
  const options = innerOptions(context, inner, own);
  const count = context.targets.length;
  const combined = (running: readonly RunningMaps[]) => running.map((maps) => maps.result(combine));
  if (sigma === 0) {
    // every copy is the input itself: once is enough
    const plain = await explainPart(
      inner,
      { ...context, options },
      { done: 0, size: count, total: count },
    );
    const maps = plain.maps.map((list) =>
      combined(
        list.map((map) => {
          const running = new RunningMaps();
          running.add(map);
          return running;
        }),
      ),
    );
    return { ...plain, maps };
  }
  const { outputs, targets } = await runPlain(context);
  const together = groupSize(context, copies);
  const maps: NdArray[][] = [];
  let layer: LayerChoice | undefined;
  for (let n = 0; n < count; n++) {
    const running = targets[n].map(() => new RunningMaps());
    for (let first = 0; first < copies; first += together) {
      const size = Math.min(together, copies - first);
      const explained = await explainPart(
        inner,
        {
          ...context,
          options,
          inputs: noisyInputs(context, n, first, size, sigma),
          documents: Array.from({ length: size }, () => context.documents[n]),
          targets: new Array<(typeof targets)[number]>(size).fill(targets[n]),
          picture: context.picture && (() => context.picture!(n)),
          warn: (message) => context.warn(message, n),
        },
        { done: n * copies + first, size, total: count * copies },
      );
      layer = explained.layer;
      for (const list of explained.maps) list.forEach((map, t) => running[t].add(map));
    }
    maps.push(combined(running));
  }
  return { kind: 'maps', outputs, maps, ...(layer === undefined ? {} : { layer }) };
}

function groupSize({ inputs, input, batch }: ExplainContext, copies: number): number {
  if (batch.batchSize !== undefined) return Math.min(batch.batchSize, copies);
  const bytes = sizeOf(inputs[input].shape.slice(1)) * BYTES_PER_VALUE;
  const fitting = Math.floor((batch.memoryBudget ?? DEFAULT_MEMORY_BUDGET) / bytes);
  return Math.max(1, Math.min(fitting, COPIES_TOGETHER, copies));
}

/** Copies `first` … of sample `n`, noise added to the explained input alone. */
function noisyInputs(
  { inputs, input, inputRange, seed }: ExplainContext,
  n: number,
  first: number,
  size: number,
  sigma: number,
): NdArray[] {
  return inputs.map((array, which) => {
    const { shape, data } = sampleOf(array, n);
    const copies = new Float32Array(size * data.length);
    const spread = which === input ? sigma * rangeOf(data, inputRange) : 0;
    for (let copy = 0; copy < size; copy++) {
      const own = copies.subarray(copy * data.length, (copy + 1) * data.length);
      own.set(data);
      // a stream per copy: neither the grouping nor the place in the batch changes the noise
      if (spread !== 0) seededRandom(seed + (first + copy) / 2 ** 20).addNormals(own, spread);
    }
    return { shape: [size, ...shape], data: copies };
  });
}

function rangeOf(data: Float32Array, range: readonly [number, number] | undefined): number {
  if (range !== undefined) return range[1] - range[0];
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}
