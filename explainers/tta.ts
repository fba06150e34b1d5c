import type { ExplainContext, ExplainedMaps, Explainer } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { LayerChoice, NdArray, Target } from '../src/explanation.js';
import { coverage, flipAxis, unzoom, zoom } from '../src/maths/augment.js';
import { splitShape } from '../src/maths/channels.js';
import { sampleOf, sizeOf, stack } from '../src/maths/ndarray.js';
import { resizeMap } from '../src/maths/resize.js';
import { areDefinite, runPlain } from './shared/input-calls.js';
import type { OutputValues } from '../src/model/interface.js';
import { explainPart, innerOptions, wrapper } from './shared/wrapper.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';

const own = {
  scales: {
    type: 'list',
    of: 'number',
    default: [0.5, 1, 1.5, 2],
    help: 'sizes of the input relative to its own, each above 0',
  },
  flip: {
    type: 'choice',
    choices: ['horizontal', 'vertical', 'both', 'none'],
    default: 'horizontal',
    help: 'which mirror images are taken beside the upright one',
  },
  zoom: {
    type: 'choice',
    choices: ['frame', 'input'],
    default: undefined,
    help: "how a scale is applied: inside the input's frame, or as an input of another size (if the model takes any)",
  },
} as const satisfies OptionSpecs;

/**
 * Test-time augmentation: the mean of a method's raw maps over flips and
 * scales, each map turned back and brought to the input's size (bilinear).
 * Every position is divided by the terms that reached it; an enlarged one fades
 * in over an eighth of the frame, so that its edge leaves no seam.
 *
 * @example explainPrediction(model, doc, { method: 'tta', of: 'layer-cam', scales: [1, 1.25] })
 */
const { explainer, around } = wrapper({
  id: 'tta',
  summary: 'a method averaged over flipped and scaled copies',
  description:
    "The method's maps, averaged over flipped and scaled copies of the input, at the input's size.",
  added: 'Averaged over flipped and scaled copies of the input.',
  reference: 'keras-explainable',
  cost: 'scales × flips (8)',
  of: {
    default: 'grad-cam',
    help: 'the method whose maps are averaged; its own options stand beside these',
  },
  options: own,
  explain: averaged,
});

export { explainer as testTimeAugmentation };

/**
 * A method averaged over flips and scales, as a method.
 *
 * @param method an explainer, or the id of one
 * @example explainPrediction(model, doc, { method: tta('hires-cam'), scales: [1], flip: 'both' })
 */
export function tta(method: Explainer | string): Explainer {
  return around(method);
}

type Context = ExplainContext<OptionValues<typeof own>>;

async function averaged(context: Context, inner: Explainer): Promise<ExplainedMaps> {
  const options = innerOptions(context, inner, own);
  const { space } = splitShape(context.inputs[context.input].shape.slice(1));
  const terms = termsOf(context, space.length);
  const inFrame = zoomsInFrame(context);
  const count = context.targets.length;
  const total = terms.length * count;
  let outputs: readonly OutputValues[] | undefined;
  let targets: readonly (readonly Target[])[] = context.targets;
  const plain = terms.some(isIdentity);
  if (!plain || !areDefinite(targets)) ({ outputs, targets } = await runPlain(context));
  const sums = targets.map((list) => list.map(() => new Float64Array(sizeOf(space))));
  const reached = new Float64Array(sizeOf(space));
  let layer: LayerChoice | undefined;
  for (const [i, term] of terms.entries()) {
    // a zoom is about the centre, so what it covers is its own mirror image
    const weights = inFrame && term.scale > 1 ? coverage(space, term.scale) : undefined;
    const explained = await explainPart(
      inner,
      {
        ...context,
        options,
        targets,
        inputs: context.inputs.map((array, which) =>
          which === context.input ? changed(array, term, inFrame) : array,
        ),
      },
      { done: i * count, size: count, total },
    );
    layer ??= explained.layer;
    if (isIdentity(term)) outputs ??= explained.outputs;
    explained.maps.forEach((list, n) =>
      list.forEach((map, t) => {
        const back = turnedBack(map, term, space, inFrame);
        back.data.forEach((value, p) => (sums[n][t][p] += value * (weights?.[p] ?? 1)));
      }),
    );
    for (let p = 0; p < reached.length; p++) reached[p] += weights?.[p] ?? 1;
  }
  const maps: NdArray[][] = sums.map((list) =>
    list.map((sum) => ({
      shape: space,
      data: Float32Array.from(sum, (value, p) => value / Math.max(reached[p], 1)),
    })),
  );
  return {
    kind: 'maps',
    outputs: outputs!,
    maps,
    ...(layer === undefined ? {} : { layer }),
    facts: { terms: terms.length, zoom: inFrame ? 'frame' : 'input' },
  };
}

/** One way of changing the input. */
interface Term {
  readonly scale: number;
  /** Axes that are reversed, counted in space. */
  readonly axes: readonly number[];
}

function termsOf({ options }: Context, rank: number): Term[] {
  const { scales, flip } = options;
  if (scales.length === 0 || scales.some((scale) => !(scale > 0))) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'scales' of tta must be a list of numbers above 0 with at least one in it, got [${scales.join(', ')}]; [1] leaves the size alone`,
    );
  }
  const width = rank - 1;
  const height = rank - 2;
  if (height < 0 && (flip === 'vertical' || flip === 'both')) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'flip' of tta cannot be '${flip}' for an input with one axis of space; use 'horizontal' or 'none'`,
    );
  }
  const mirrors: number[][] = [[]];
  if (flip === 'horizontal' || flip === 'both') mirrors.push([width]);
  if (flip === 'vertical' || flip === 'both') mirrors.push([height]);
  if (flip === 'both') mirrors.push([height, width]);
  return scales.flatMap((scale) => mirrors.map((axes) => ({ scale, axes })));
}

/** Another size is used only if the model says that it takes any. */
function zoomsInFrame({ options, description, input }: Context): boolean {
  if (options.zoom !== undefined) return options.zoom === 'frame';
  const { shape } = description.inputs[input];
  // an unknown size is not the same as any size: a function says nothing about its input
  return shape.every((size) => size === null) || shape.slice(0, -1).some((size) => size !== null);
}

function isIdentity({ scale, axes }: Term): boolean {
  return scale === 1 && axes.length === 0;
}

function changed(array: NdArray, { scale, axes }: Term, inFrame: boolean): NdArray {
  // axis 0 is the batch
  const flipped = axes.reduce((to, axis) => flipAxis(to, axis + 1), array);
  if (scale === 1) return flipped;
  const samples = Array.from({ length: array.shape[0] }, (_, n) => sampleOf(flipped, n));
  if (inFrame) return stack(samples.map((sample) => zoom(sample, scale)));
  return stack(
    samples.map((sample) => {
      const { space, channels } = splitShape(sample.shape);
      const size = space.map((length) => Math.max(1, Math.round(length * scale)));
      return resizeMap(sample, sample.shape.length === 1 ? size : [...size, channels]);
    }),
  );
}

function turnedBack(
  map: NdArray,
  { scale, axes }: Term,
  space: readonly number[],
  inFrame: boolean,
): NdArray {
  const large = resizeMap(map, space);
  const unzoomed = scale !== 1 && inFrame ? unzoom(large, scale).map : large;
  return axes.reduce((to, axis) => flipAxis(to, axis), unzoomed);
}
