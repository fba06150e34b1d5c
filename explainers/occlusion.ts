import { explainer, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { NdArray } from '../src/explanation.js';
import { splitShape } from '../src/maths/channels.js';
import { sampleOf, sizeOf } from '../src/maths/ndarray.js';
import { eachRow, slidingPatches, type Patch } from '../src/maths/patches.js';
import { BASELINE_OPTIONS, baselinesOf } from './shared/baseline-option.js';
import { runPlain } from './shared/input-calls.js';
import { scoreVariants } from './shared/variants.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';

/** Share of each side that a patch covers, and of the patch that it moves by. */
const PATCH = 1 / 8;
const STRIDE = 1 / 2;

const size = {
  type: 'value',
  expects: 'a whole number of pixels above 0, or one for each axis',
  check: isSize,
  parse: parseSize,
  default: undefined,
} as const;

const options = {
  patch: { ...size, help: 'size of the patch in pixels; an eighth of each side if left out' },
  stride: { ...size, help: 'step between patches in pixels; half the patch if left out' },
  ...BASELINE_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Occlusion (Zeiler and Fergus 2014, section 4.2): a patch of the baseline
 * slides over the input, and every position gets the mean drop of the score,
 * s(x) − s(x without the patch), of the patches that cover it. The edges are
 * covered too. Signed, at the input's resolution, in units of the score.
 *
 * Works for any model that predicts. Patches that change nothing are not run.
 *
 * Prefer `rise` if evidence is spread over parts that can replace one another, `grad-cam` if the
 * model gives gradients and time is short.
 */
export const occlusion = explainer({
  id: 'occlusion',
  summary: 'how the score falls when a place is covered',
  family: 'perturbation',
  description:
    'How much the score falls when the place is covered; negative values are where covering raises it.',
  reference: 'Zeiler 2014',
  cost: '1 + about 225 forward (patch positions)',
  needs: {},
  documents: ['image', 'array'],
  options,

  async explain(context) {
    const samples = context.inputs[context.input];
    const { space, channels } = splitShape(samples.shape.slice(1));
    const patch = sizeFor('patch', context, space, (axis) => space[axis] * PATCH);
    const stride = sizeFor('stride', context, space, (axis) => patch[axis] * STRIDE);
    const patches = slidingPatches(space, patch, stride);
    const baselines = baselinesOf(context);
    const plain = await runPlain(context);
    // a patch over what equals the baseline cannot change the answer
    const changing = context.targets.map((_, n) => {
      const { data } = sampleOf(samples, n);
      return patches.filter((p) => changes(p, space, channels, data, baselines[n]));
    });
    const drops = plain.targets.map((list) => list.map(() => new Float64Array(sizeOf(space))));
    await scoreVariants(
      context,
      plain,
      {
        count: (n) => changing[n].length,
        write(n, index, into) {
          into.set(sampleOf(samples, n).data);
          eachRow(changing[n][index], space, (from, to) => {
            into.set(baselines[n].data.subarray(from * channels, to * channels), from * channels);
          });
        },
      },
      (n, index, scores) =>
        scores.forEach((score, t) => {
          const drop = plain.scores[n][t] - score;
          const sums = drops[n][t];
          eachRow(changing[n][index], space, (from, to) => {
            for (let p = from; p < to; p++) sums[p] += drop;
          });
        }),
    );
    const covering = new Float64Array(sizeOf(space));
    for (const patch of patches) {
      eachRow(patch, space, (from, to) => {
        for (let p = from; p < to; p++) covering[p]++;
      });
    }
    const maps = drops.map((list) =>
      list.map((sum) => ({
        shape: space,
        // a stride beyond the patch leaves gaps
        data: Float32Array.from(sum, (v, p) => (covering[p] === 0 ? 0 : v / covering[p])),
      })),
    );
    return { kind: 'maps', outputs: plain.outputs, maps, facts: { patch, stride } };
  },
});

function changes(
  patch: Patch,
  space: readonly number[],
  channels: number,
  data: Float32Array,
  baseline: NdArray,
): boolean {
  let different = false;
  eachRow(patch, space, (from, to) => {
    for (let c = from * channels; !different && c < to * channels; c++) {
      different = data[c] !== baseline.data[c];
    }
  });
  return different;
}

function sizeFor(
  name: 'patch' | 'stride',
  { options: { [name]: given } }: ExplainContext<OptionValues<typeof options>>,
  space: readonly number[],
  otherwise: (axis: number) => number,
): number[] {
  if (given === undefined) return space.map((_, axis) => Math.max(1, Math.round(otherwise(axis))));
  if (typeof given === 'number') return space.map(() => given);
  if (given.length !== space.length) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option '${name}' of occlusion needs one number, or one for each of the ${space.length} axes [${space.join(', ')}], got ${given.length}`,
    );
  }
  return [...given];
}

function isSize(value: unknown): value is number | readonly number[] {
  const whole = (n: unknown) => Number.isInteger(n) && (n as number) > 0;
  return Array.isArray(value) ? value.length > 0 && value.every(whole) : whole(value);
}

/** `'28'` or `'28x14'`. */
function parseSize(text: string): unknown {
  const parts = text.split('x').map((part) => (part.trim() === '' ? NaN : Number(part)));
  return parts.length === 1 ? parts[0] : parts;
}
