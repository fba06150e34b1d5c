/** The pure functions, usable alone: `import { gradCamMap } from 'whylens/maths'`. */
export { baselineOf, type Baseline } from './baseline.js';
export { blur } from './blur.js';
export { channelMeans, gradCamMap, weightedChannelSum } from './cam.js';
export {
  multiply,
  reduceChannels,
  scalePositions,
  splitShape,
  type ChannelReduction,
} from './channels.js';
export { heatBox, summarizeHeat, type HeatBox, type HeatCell, type HeatSummary } from './heat.js';
export { sampleOf, sizeOf, stack } from './ndarray.js';
export { seededRandom, type SeededRandom } from './random.js';
export { resizeMap } from './resize.js';
export { gaussLegendre, trapezoid, type Quadrature } from './quadrature.js';
