import type { Formatter } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { Explanation, Heatmap, NdArray, Picture } from '../src/explanation.js';
import { colormapTable } from '../src/images/colormaps.js';
import { addColours, alphaComposite } from '../src/images/composite.js';
import { checkPicture, convertPicture } from '../src/images/picture.js';
import { resize, type ResamplingFilter } from '../src/images/resample.js';
import { validateOptions, type OptionSpecs } from '../src/options.js';
import { emptyNote } from './display/empty.js';
import type { DisplayFilter } from './display/filters.js';
import { displayMaximum, percentileFor, type Percentile } from './display/full-strength.js';
import { heatOf } from './display/heat.js';
import { colourHeat, colourHeatStretched } from './display/overlay.js';
import { stampEmpty } from './drawing/stamp-empty.js';
import { IMAGE_OPTIONS, type FormatAsImageOptions } from './image/options.js';
import { DRAWN_KINDS, partsOf } from './image/parts.js';

import { checkExplanation } from './shared/check.js';
import { selectTarget, type TargetChoice } from './shared/targets.js';
import { greatest } from '../src/maths/extremes.js';

export type { FormatAsImageOptions };

const DEFAULT_FILTER: ResamplingFilter = 'lanczos';

/**
 * The picture with the map of one target over it, as ELI5 draws it: the raw
 * map is filtered and scaled, coloured at its own size, made the more opaque the stronger it is,
 * up to `alphaLimit`, cut to 8 bits, enlarged to the picture and
 * laid over it. Signals become a line drawing, volumes one slice, concepts one
 * colour each. If nothing of the map is shown, a bar at the foot says so and why
 * (not with filter `none`, which keeps to ELI5's bytes there too).
 *
 * @returns an RGBA picture of the size of the document; with `blend: 'add'` RGB
 * @throws WhylensError `INVALID_OPTION`, `UNKNOWN_OPTION`, `UNKNOWN_COLORMAP`, `INVALID_TARGET`,
 *   `UNKNOWN_LABEL`, `INVALID_EXPLANATION` for kinds that cannot be drawn and maps that are not finite
 * @example
 * formatAsImage(expl, { target: 'tiger cat', colormap: 'turbo', alphaLimit: 0.5 })
 * formatAsImage(expl, { filter: 'symmetric', colormap: 'RdBu_r' })   // evidence for and against
 */
export function formatAsImage(
  explanation: Explanation,
  options: FormatAsImageOptions = {},
): Picture {
  const given = validateOptions('formatter image', IMAGE_OPTIONS, { ...options });
  checkExplanation(explanation);
  const { blend, alphaLimit } = given;
  const { colormap = blend === 'add' ? 'jet' : 'viridis' } = given;
  const { resamplingFilter: filter = blend === 'add' ? 'bicubic' : DEFAULT_FILTER } = given;
  const { base, heat, table = colormapTable(colormap) } = partsOf(explanation, given);
  const image = checkPicture(base);
  const size = { width: image.width, height: image.height, filter };
  const drawn =
    blend === 'add'
      ? addColours(image, resize(colourHeatStretched(heat, table), size))
      : alphaComposite(image, resize(colourHeat(heat, table, alphaLimit), size));
  // 'none' draws the numbers as they are, as ELI5 does, and adds nothing
  const empty =
    given.filter === 'none'
      ? undefined
      : emptyNote(shownMaps(explanation, given.target), given.filter);
  return empty === undefined ? drawn : convertPicture(stampEmpty(drawn, empty), drawn.mode);
}

/**
 * A map as a grey picture of its own size, `[h, w]`; one that is coloured
 * already, `[h, w, 3]` or `[h, w, 4]`, as RGB or RGBA. 8 bits by truncation.
 *
 * @param heatmap values of 0 to 1; a raw map needs `filter`
 * @throws WhylensError `INVALID_EXPLANATION` for other shapes and, without a filter, values outside 0…1
 * @example heatmapToImage(expl.targets[0].heatmap, { filter: 'positive' })
 */
export function heatmapToImage(
  heatmap: NdArray,
  { filter }: { readonly filter?: DisplayFilter } = {},
): Picture {
  const { shape, data } = (heatmap ?? {}) as Partial<NdArray>;
  if (!Array.isArray(shape) || data?.length === undefined) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a map must be { shape, data } to become a picture, such as the heatmap of a target`,
    );
  }
  const [height, width, channels = 1] = shape as number[];
  const mode = ({ 1: 'L', 3: 'RGB', 4: 'RGBA' } as const)[channels];
  if (
    shape.length < 2 ||
    shape.length > 3 ||
    mode === undefined ||
    data.length !== width * height * channels
  ) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a map must have shape [h, w], [h, w, 3] or [h, w, 4] to become a picture, got [${shape.join(', ')}] with ${data.length} values`,
    );
  }
  const outside = filter === undefined ? data.findIndex((x) => !(x >= 0 && x <= 1)) : -1;
  if (outside >= 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a map must hold values of 0 to 1 to become a picture, got ${data[outside]} at position ${outside}; a raw map needs a filter: { filter: 'positive' } shows it as the image formatter does`,
    );
  }
  const values = filter === undefined ? data : heatOf(heatmap, filter).values;
  const samples = new Uint8ClampedArray(data.length);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.trunc(values[i] * 255);
  return checkPicture({ width, height, mode, data: samples });
}

/**
 * A map as a grey picture of the size of `image`; see `heatmapToImage`.
 *
 * @example expandHeatmap(map, image, { resamplingFilter: 'box' })
 */
export function expandHeatmap(
  heatmap: NdArray,
  image: { readonly width: number; readonly height: number },
  {
    resamplingFilter = DEFAULT_FILTER,
    filter,
  }: { readonly resamplingFilter?: ResamplingFilter; readonly filter?: DisplayFilter } = {},
): Picture {
  const { width, height } = image;
  return resize(heatmapToImage(heatmap, { filter }), { width, height, filter: resamplingFilter });
}

/**
 * The largest display value over several records, to pass to each as
 * `maximum`: then equal colours mean equal evidence.
 *
 * @example
 * const maximum = commonMaximum(expls);
 * const pictures = expls.map((expl) => formatAsImage(expl, { maximum }));
 */
export function commonMaximum(
  explanations: readonly Explanation[],
  {
    filter,
    target,
    percentile = 'auto',
  }: {
    readonly filter?: DisplayFilter;
    readonly target?: TargetChoice;
    readonly percentile?: Percentile;
  } = {},
): number | undefined {
  const maps = explanations.flatMap((explanation) => mapsOf(explanation, target));
  const share = percentileFor(maps, percentile);
  const largest = greatest(
    maps.map((map) => displayMaximum(map, filter, share)),
    0,
  );
  // there is nothing to share if all maps are empty
  return largest > 0 ? largest : undefined;
}

/** The maps that a picture shows: those of the chosen target, by default of the first. */
function shownMaps(explanation: Explanation, target: TargetChoice | undefined): Heatmap[] {
  if (explanation.kind === 'concepts') {
    const named = explanation.concepts.map((concept) => ({ ...concept, target: concept.name }));
    return target === undefined
      ? mapsOf(explanation, undefined)
      : [selectTarget(named, target).heatmap];
  }
  return 'targets' in explanation ? mapsOf(explanation, target ?? '#0') : [];
}

function mapsOf(explanation: Explanation, target: TargetChoice | undefined): Heatmap[] {
  switch (explanation.kind) {
    case 'image':
    case 'signal':
    case 'volume':
      return target === undefined
        ? explanation.targets.map(({ heatmap }) => heatmap)
        : [selectTarget(explanation.targets, target).heatmap];
    case 'concepts':
      return explanation.concepts.map(({ heatmap }) => heatmap);
    default:
      return [];
  }
}

/** Pictures: the map over the document. */
export class ImageFormatter implements Formatter<Picture> {
  readonly id = 'image';
  readonly description = 'The picture with the map of one target over it.';
  readonly kinds = DRAWN_KINDS;
  readonly extensions = ['png', 'jpg', 'jpeg', 'webp'] as const;
  readonly options: OptionSpecs = IMAGE_OPTIONS;

  format(explanation: Explanation, options: Readonly<Record<string, unknown>> = {}): Picture {
    return formatAsImage(explanation, options);
  }
}
