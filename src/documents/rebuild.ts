/** The way back: from model inputs to a picture that can be shown. */
import type { NdArray, Picture } from '../explanation.js';
import { arrayToImage } from '../images/array.js';
import { undoToBytes } from '../images/preprocess.js';
import type { Preprocess } from './document.js';
import { MODES } from './model-input.js';

/** The picture from which an array was made: a known preprocessing is undone; otherwise values are stretched to 0–255 as ELI5 does. */
export function pictureOf(sample: NdArray, preprocess: Preprocess | undefined): Picture {
  const channels = sample.shape[sample.shape.length - 1];
  if (sample.shape.length === 3 && ![1, 3, 4].includes(channels)) {
    // the channels are no colours: their mean is shown in grey
    const data = new Float32Array(sample.data.length / channels);
    sample.data.forEach((value, i) => (data[Math.floor(i / channels)] += value / channels));
    return arrayToImage({ shape: sample.shape.slice(0, 2), data });
  }
  if (preprocess === undefined || typeof preprocess === 'function') return arrayToImage(sample);
  const [height, width] = sample.shape;
  const mode = MODES[sample.shape.length === 3 ? channels : 1];
  return { width, height, mode, data: undoToBytes(sample, preprocess) };
}
