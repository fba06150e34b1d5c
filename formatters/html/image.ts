/** Which pixels: the maps of an image explanation over its picture. */
import type { Heatmap, ImageExplanation, Picture } from '../../src/explanation.js';
import { resize } from '../../src/images/resample.js';
import { summarizeHeat } from '../../src/maths/summarize-heat.js';
import { wholePercent } from '../shared/numbers.js';
import { region } from '../shared/region.js';
import { markup, type Markup } from './escape.js';
import type { PageValues } from './options.js';
import { fact, renderViewer, sharedPicture } from './viewer.js';

export function renderImage(expl: ImageExplanation, id: string, options: PageValues): Markup {
  const picture = embedded(expl.image, options.pictureSize);
  const { width, height } = picture;
  const { define, show } = sharedPicture(`${id}-picture`, picture);
  const reduced =
    picture === expl.image ? '' : `, reduced from ${expl.image.width} × ${expl.image.height}`;
  return markup`${define}${renderViewer(
    {
      id,
      width,
      height,
      base: show,
      targets: expl.targets,
      still: (map) => map,
      what: 'picture',
      facts: ({ heatmap }) => whereFact(heatmap, 'picture'),
      box: ({ heatmap }) => boxOf(heatmap),
      caption: ` pixels${reduced}`,
    },
    options,
  )}`;
}

/** The picture itself, or a smaller one if it is too large for a page. */
export function embedded(picture: Picture, longest: number): Picture {
  const scale = longest / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const size = (side: number): number => Math.max(1, Math.round(side * scale));
  return resize(picture, {
    width: size(picture.width),
    height: size(picture.height),
    filter: 'lanczos',
  });
}

/** Where half of the evidence lies, in words that need no grid. */
export function whereFact(map: Heatmap, whole: string): Markup {
  const { box, positive, negative } = summarizeHeat(map);
  if (box === undefined) {
    return fact('Where', `Nothing in the ${whole} speaks for it.`, true);
  }
  const middle = box.from.map((from, i) => (from + box.to[i]) / 2 / map.shape[i]);
  const size = box.from.reduce((share, from, i) => (share * (box.to[i] - from)) / map.shape[i], 1);
  const against = -negative / (positive - negative);
  const named = region(middle).replace(/^centre/, 'middle');
  const place = map.shape.length === 1 ? named : `in the ${named}`;
  return markup`${fact(
    'Where',
    `Half of what speaks for it lies ${place}, ${map.shape.length === 2 ? 'inside the box, which is' : 'in'} ${wholePercent(size)} of the ${whole}.`,
    true,
  )}${against > 0 && fact('Against it', `${wholePercent(against)} of all evidence speaks against it.`, true)}`;
}

/** The box that holds half of the evidence, in shares of the picture: `[left, top, width, height]`. */
function boxOf(map: Heatmap): readonly [number, number, number, number] | undefined {
  const { box } = summarizeHeat(map);
  if (box === undefined) return undefined;
  const [height, width] = map.shape;
  const { from, to } = box;
  return [from[1] / width, from[0] / height, (to[1] - from[1]) / width, (to[0] - from[0]) / height];
}
