/** `whylens/images`: pictures as data, colours, and maps as pictures. */
export type { Heatmap, NdArray, Picture, PictureMode } from '../explanation.js';
export {
  checkPicture,
  convertPicture,
  createPicture,
  MAX_PIXELS,
  type ConvertOptions,
} from '../images/picture.js';
export { arrayToImage, imageToArray, type ArrayToImageOptions } from '../images/array.js';
export {
  RESAMPLING_FILTERS,
  resize,
  type ResamplingFilter,
  type ResizeOptions,
} from '../images/resample.js';
export {
  PREPROCESS_MODES,
  preprocessInput,
  preprocessRange,
  undoPreprocess,
  type PreprocessMode,
} from '../images/preprocess.js';
export { decodePng, encodePng, readPngHeader, type DecodePngOptions } from '../images/png.js';
export {
  decodePredictions,
  labelIndex,
  synonymsOf,
  type DecodedPrediction,
} from '../images/labels.js';
export {
  COLORMAPS,
  colormapNames,
  colormapTable,
  type Colormap,
  type ColormapFunction,
  type Colour,
} from '../images/colormaps.js';
export { addColours, alphaComposite, type Blend } from '../images/composite.js';
export { DISPLAY_FILTERS, type DisplayFilter } from '../../formatters/display/filters.js';
export { displayMaximum } from '../../formatters/display/full-strength.js';
export { heatOf } from '../../formatters/display/heat.js';
export { commonMaximum, expandHeatmap, heatmapToImage } from '../../formatters/image.js';
