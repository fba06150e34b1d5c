/** Maps over pictures: images, volumes, concepts. */
import type {
  ConceptsExplanation,
  Heatmap,
  ImageExplanation,
  MapTarget,
  Picture,
  VolumeExplanation,
} from '../../src/explanation.js';
import { resize } from '../../src/images/resample.js';
import { conceptColour } from '../display/concepts.js';
import { overlayOf } from '../display/overlay.js';
import { shownExtent } from '../display/scale.js';
import { emptyMark } from './empty-mark.js';
import type { Panel, PanelOptions } from './panels.js';
import type { Shape } from './scene.js';
import { titleOf } from './titles.js';
import { greyVolume, heatSlice, strongestSlice } from './volume.js';

const GAP = 10;
/** Slices drawn of a volume. */
const SLICES = 3;

/** One panel a target: the map over the picture, the original to its left where pairs are wanted. */
export function imagePanels(expl: ImageExplanation, options: PanelOptions): Panel[] {
  return expl.targets.map((target) => ({
    ...mapPanel(expl.image, target.heatmap, options),
    title: titleOf(target, expl.targets),
    titled: true,
  }));
}

/** The picture alone. */
export function originalPanel(picture: Picture, options: PanelOptions): Panel {
  const size = sizeOf(picture, options.cellSize);
  return { ...size, title: 'original', shapes: [{ kind: 'image', x: 0, y: 0, ...size, picture }] };
}

function mapPanel(
  picture: Picture,
  map: Heatmap,
  options: PanelOptions & { readonly whole?: Heatmap },
): { width: number; height: number; shapes: Shape[] } {
  const { width, height } = sizeOf(picture, options.cellSize);
  const left = options.pairs ? width + GAP : 0;
  const extent = options.extent ?? shownExtent([map], options.filter, options.percentile);
  const heat = enlarged(overlayOf(map, { ...options, extent }), picture, options);
  const shapes: Shape[] = [
    { kind: 'image', x: left, y: 0, width, height, picture },
    { kind: 'image', x: left, y: 0, width, height, picture: heat },
    ...emptyMark([options.whole ?? map], options.filter, { width, height }, options, left),
  ];
  if (options.pairs) shapes.unshift({ kind: 'image', x: 0, y: 0, width, height, picture });
  return { width: left + width, height, shapes };
}

/** Slices around the one with the strongest evidence, each with its number. */
export function volumePanels(expl: VolumeExplanation, options: PanelOptions): Panel[] {
  const { depth, height, width, grey } = greyVolume(expl.volume);
  const sliceOf = (slice: number): Picture => ({
    width,
    height,
    mode: 'L',
    data: Uint8ClampedArray.from(
      grey.subarray(slice * width * height, (slice + 1) * width * height),
    ),
  });
  return expl.targets.flatMap((target: MapTarget) => {
    const extent =
      options.extent ?? shownExtent([target.heatmap], options.filter, options.percentile);
    const strongest = strongestSlice(target.heatmap, depth);
    const first = Math.min(Math.max(0, strongest - 1), Math.max(0, depth - SLICES));
    return Array.from({ length: Math.min(SLICES, depth) }, (_, i) => ({
      ...mapPanel(sliceOf(first + i), heatSlice(target.heatmap, first + i, depth), {
        ...options,
        extent,
        whole: target.heatmap,
      }),
      title: `${titleOf(target, expl.targets)}, slice ${first + i + 1} of ${depth}`,
      titled: true,
    }));
  });
}

/** All concepts over the picture, then each alone with what it says. */
export function conceptPanels(expl: ConceptsExplanation, options: PanelOptions): Panel[] {
  const size = sizeOf(expl.image, options.cellSize);
  const base: Shape = { kind: 'image', x: 0, y: 0, ...size, picture: expl.image };
  const heats = expl.concepts.map(({ heatmap }, i): Shape => {
    const colours = overlayOf(heatmap, {
      colormap: () => conceptColour(i),
      filter: 'positive',
      alphaLimit: options.alphaLimit,
    });
    return { ...base, picture: enlarged(colours, expl.image, options) };
  });
  return [
    originalPanel(expl.image, options),
    { ...size, title: 'all concepts', shapes: [base, ...heats] },
    ...expl.concepts.map(({ name, scores }, i) => ({
      ...size,
      title: [name, ...scores.slice(0, 1).map((score) => titleOf(score, scores))].join(': '),
      shapes: [base, heats[i], ...emptyMark([expl.concepts[i].heatmap], 'positive', size, options)],
    })),
  ];
}

function enlarged(heat: Picture, { width, height }: Picture, options: PanelOptions): Picture {
  return resize(heat, { width, height, filter: options.resamplingFilter });
}

function sizeOf({ width, height }: Picture, longest: number): { width: number; height: number } {
  const scale = longest / Math.max(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
