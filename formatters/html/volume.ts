/** Which voxels: one slice at a time, first axis first. */
import type { Picture, VolumeExplanation } from '../../src/explanation.js';
import { greyVolume, heatSlice, strongestSlice } from '../drawing/volume.js';
import { markup, type Markup } from './escape.js';
import type { PageValues } from './options.js';
import { whereFact } from './image.js';
import { renderViewer, sharedPicture } from './viewer.js';

export function renderVolume(expl: VolumeExplanation, id: string, options: PageValues): Markup {
  const { depth, height, width, grey } = greyVolume(expl.volume);
  const slice = strongestSlice(expl.targets[0]?.heatmap, depth);
  const size = height * width;
  const picture: Picture = {
    width,
    height,
    mode: 'L',
    data: new Uint8ClampedArray(grey.subarray(slice * size, (slice + 1) * size)),
  };
  const { define, show } = sharedPicture(`${id}-slice-picture`, picture);
  const channels = expl.volume.shape[3] ?? 1;
  return markup`${define}${renderViewer(
    {
      id,
      width,
      height,
      base: () => markup`${show()}<canvas class="base" aria-hidden="true" hidden></canvas>`,
      targets: expl.targets,
      still: (map) => heatSlice(map, slice, depth),
      what: 'volume',
      facts: ({ heatmap }) => whereFact(heatmap, 'volume'),
      caption: ` voxels, ${depth} slices${channels > 1 ? `, mean of ${channels} channels` : ''}`,
      volume: { depth, slice, grey },
    },
    options,
  )}`;
}
