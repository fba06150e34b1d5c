import type { Picture } from '../explanation.js';
import { CHANNELS } from './picture.js';

/** The picture turned upright: `orientation` is EXIF's, 1 (as it is) to 8. */
export function orientPicture(picture: Picture, orientation: number): Picture {
  if (orientation <= 1 || orientation > 8) return picture;
  const { width: w, height: h, mode, data } = picture;
  const channels = CHANNELS[mode];
  const turned = orientation > 4;
  const [width, height] = turned ? [h, w] : [w, h];
  const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const result = new Uint8ClampedArray(data.length);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [across, down] = turned ? [y, x] : [x, y];
      const from =
        ((mirrorY ? h - 1 - down : down) * w + (mirrorX ? w - 1 - across : across)) * channels;
      for (let c = 0; c < channels; c++) result[o++] = data[from + c];
    }
  }
  return { width, height, mode, data: result };
}
