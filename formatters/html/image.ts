/** Which pixels: the maps of an image explanation over its picture. */
import type { Heatmap, ImageExplanation, Picture } from '../../src/explanation.js';
import { resize } from '../../src/images/resample.js';
import { summarizeHeat } from '../../src/maths/summarize-heat.js';
import { percent } from '../shared/numbers.js';
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
      facts: ({ heatmap }) => whereFact(heatmap, ['row', 'column']),
      caption: ` pixels${reduced}`,
    },
    options,
  )}`;
}

/** The picture itself, or a smaller one where it is too large for a page. */
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

/** Where half of the evidence lies, in words. */
export function whereFact(map: Heatmap, axes: readonly string[]): Markup {
  const { box, highest, positive, negative } = summarizeHeat(map);
  if (box === undefined) {
    return fact('Where', 'Nothing here speaks for the target.', true);
  }
  const span = axes
    .map((axis, i) =>
      box.to[i] - box.from[i] === 1
        ? `${axis} ${box.to[i]}`
        : `${axis}s ${box.from[i] + 1} to ${box.to[i]}`,
    )
    .join(', ');
  const top = axes.map((axis, i) => `${axis} ${highest.index[i] + 1}`).join(', ');
  const against = -negative / (positive - negative);
  return markup`${fact('Evidence against', percent(against))}${fact(
    'Where',
    `Strongest at ${top}; ${percent(box.share)} of the evidence for it lies within ${span}.`,
    true,
  )}`;
}
