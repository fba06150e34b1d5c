/** What the image formatter draws of each kind of record: a picture to lay the map over, and the map. */
import { WhylensError } from '../../src/errors.js';
import type {
  ConceptsExplanation,
  Explanation,
  Heatmap,
  NdArray,
  Picture,
  SignalExplanation,
  VolumeExplanation,
} from '../../src/explanation.js';
import { arrayToImage } from '../../src/images/array.js';
import { COLORMAP_SIZE, colormapTable } from '../../src/images/colormaps.js';
import { drawSignal } from '../../src/images/signal.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { conceptColour } from '../display/concepts.js';
import { isStretched } from '../display/filters.js';
import { displayMaximum } from '../display/full-strength.js';
import { heatOf, type Heat } from '../display/heat.js';
import { sliceOf } from '../display/slices.js';
import { selectTarget } from '../shared/targets.js';
import type { ImageValues } from './options.js';
import { greatest } from '../../src/maths/extremes.js';

/** Kinds of record that can be drawn. */
export const DRAWN_KINDS = ['image', 'concepts', 'signal', 'volume'] as const;

type PartsOptions = Pick<
  ImageValues,
  'target' | 'filter' | 'maximum' | 'percentile' | 'slice' | 'width' | 'height'
>;

export interface Parts {
  readonly base: Picture;
  readonly heat: Heat;
  /** Takes the place of the colormap: entry k is the colour of concept k. */
  readonly table?: Uint8ClampedArray;
}

export function partsOf(explanation: Explanation, options: PartsOptions): Parts {
  const { filter, maximum, percentile } = options;
  switch (explanation.kind) {
    case 'image': {
      const { heatmap } = selectTarget(explanation.targets, options.target);
      return {
        base: explanation.image,
        heat: heatOf(checkRank(heatmap, 2), filter, maximum, percentile),
      };
    }
    case 'concepts':
      return conceptParts(explanation, options);
    case 'signal':
      return signalParts(explanation, options);
    case 'volume':
      return volumeParts(explanation, options);
    default:
      throw new WhylensError(
        'INVALID_EXPLANATION',
        `the image formatter renders records of kind ${DRAWN_KINDS.join(', ')}, got '${explanation.kind}'; use the text, html or json formatter for it`,
        { facts: { kind: explanation.kind, allowed: DRAWN_KINDS } },
      );
  }
}

function signalParts(explanation: SignalExplanation, options: PartsOptions): Parts {
  const { heatmap } = selectTarget(explanation.targets, options.target);
  const heat = heatOf(checkRank(heatmap, 1), options.filter, options.maximum, options.percentile);
  return {
    base: drawSignal(explanation.signal, options.width, options.height),
    heat: { ...heat, shape: [1, ...heat.shape] },
  };
}

/** One slice of the volume, its grey values and its map scaled as the whole volume is. */
function volumeParts({ volume, targets }: VolumeExplanation, options: PartsOptions): Parts {
  const { heatmap } = selectTarget(targets, options.target);
  const heat = heatOf(checkRank(heatmap, 3), options.filter, options.maximum, options.percentile);
  const [depth, height, width, channels = 1] = volume.shape;
  const slice = options.slice ?? depth >> 1;
  if (!Number.isInteger(slice) || slice < 0 || slice >= depth) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'slice' must be a whole number from 0 to ${depth - 1} for a volume of shape [${volume.shape.join(', ')}], got ${slice}`,
    );
  }
  const size = height * width * channels;
  const { min, max } = boundsOf(volume);
  const shown = {
    shape: [height, width, channels],
    data: volume.data.subarray(slice * size, (slice + 1) * size),
  };
  const base = arrayToImage([1, 3, 4].includes(channels) ? shown : channelMean(shown), {
    range: [min, max > min ? max : min + 1],
  });
  return { base, heat: heatSlice(heat, depth, slice) };
}

/** The scaled map at a slice of the volume. */
function heatSlice({ shape, values, strengths }: Heat, depth: number, slice: number): Heat {
  const [slices, ...rest] = shape;
  const cut = (of: Float64Array): Float64Array => sliceOf(of, slices, slice, depth);
  return { shape: rest, values: cut(values), strengths: cut(strengths) };
}

/** All concepts at once, each in its own hue, or one of them by name, `#n` or position. */
function conceptParts({ image, concepts }: ConceptsExplanation, options: PartsOptions): Parts {
  const { filter, maximum, percentile } = options;
  if (options.target !== undefined) {
    const named = concepts.map((concept) => ({
      ...concept,
      target: concept.name,
      label: concept.name,
    }));
    const { heatmap } = selectTarget(named, options.target);
    return { base: image, heat: heatOf(checkRank(heatmap, 2), filter, maximum, percentile) };
  }
  const shared =
    maximum ??
    greatest(
      concepts.map(({ heatmap }) => displayMaximum(heatmap, filter, percentile)),
      0,
    );
  const heats = concepts.map(({ heatmap }) =>
    heatOf(
      checkRank(heatmap, 2),
      filter,
      shared > 0 && (filter === undefined || !isStretched(filter)) ? shared : undefined,
    ),
  );
  if (heats.length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'a record of concepts must hold at least one concept to be rendered',
    );
  }
  const { shape } = heats[0];
  const values = new Float64Array(heats[0].values.length);
  const strengths = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    heats.forEach(({ strengths: own }, k) => {
      // the middle of entry k of the table
      if (own[i] > strengths[i]) [strengths[i], values[i]] = [own[i], (k + 0.5) / COLORMAP_SIZE];
    });
  }
  return { base: image, heat: { shape, values, strengths }, table: conceptTable(heats.length) };
}

/** The colour of each concept: the same in every formatter. */
function conceptTable(count: number): Uint8ClampedArray {
  const table = new Uint8ClampedArray(COLORMAP_SIZE * 4);
  for (let k = 0; k < count; k++) {
    table.set(colormapTable(() => conceptColour(k)).subarray(0, 4), k * 4);
  }
  return table;
}

function channelMean({ shape: [height, width, channels], data }: NdArray): NdArray {
  const means = new Float32Array(height * width);
  for (let i = 0; i < data.length; i++) means[Math.floor(i / channels)] += data[i] / channels;
  return { shape: [height, width], data: means };
}

function boundsOf({ data }: NdArray): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const value of data) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function checkRank(map: Heatmap, rank: number): Heatmap {
  const { shape, data } = map;
  if (shape.length !== rank || data.length !== sizeOf(shape)) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a map of this kind of record must have ${rank} axes, got shape [${shape.join(', ')}] with ${data.length} values`,
    );
  }
  return map;
}
