/** The pure functions, usable alone: `import { gradCamMap } from 'whylens/maths'`. */
export { channelMeans, gradCamMap, weightedChannelSum } from './cam.js';
export { heatBox, summarizeHeat, type HeatBox, type HeatCell, type HeatSummary } from './heat.js';
export { sampleOf, sizeOf, stack } from './ndarray.js';
export { seededRandom, type SeededRandom } from './random.js';
export { resizeMap } from './resize.js';
