/** The pure functions, usable alone: `import { gradCamMap } from 'whylens/maths'`. */
export { channelMeans, gradCamMap, weightedChannelSum } from './cam.js';
export { sampleOf, sizeOf, stack } from './ndarray.js';
