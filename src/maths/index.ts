/** The pure functions, usable alone: `import { gradCamMap } from 'whylens/maths'`. */
export { baselineOf, type Baseline } from './baseline.js';
export { blur } from './blur.js';
export {
  multiply,
  reduceChannels,
  scalePositions,
  splitShape,
  type ChannelReduction,
} from './channels.js';
export {
  heatBox,
  summarizeHeat,
  type HeatBox,
  type HeatCell,
  type HeatSummary,
} from './summarize-heat.js';
export { sampleOf, sizeOf, stack } from './ndarray.js';
export { seededRandom, type SeededRandom } from './random.js';
export { resizeMap } from './resize.js';
export { gaussLegendre, trapezoid, type Quadrature } from './quadrature.js';
export {
  channelMeans,
  channelSums,
  gradCamElementwiseMap,
  gradCamMap,
  gradCamPlusPlusMap,
  hiresCamMap,
  layerCamMap,
  randomCamMap,
  weightedChannelSum,
  xGradCamMap,
} from './cam.js';
export { eigenCamMap, eigenGradCamMap, segEigenCamMap } from './eigen.js';
export { femMap } from './fem.js';
export { kpcaCamMap, type Kernel, type KernelOptions } from './kpca.js';
export { channelOf, maskOf, softmax, variedChannels } from './masks.js';
export { factorizeNonNegative, type Factorization, type FactorizationOptions } from './nmf.js';
export { inferTokenGrid, tokensToGrid, type TokenGrid } from './tokens.js';
export {
  biasGradient,
  ceilingGradient,
  offsetGradient,
  psi,
  SumOfMaps,
  type Rescale,
} from './full-grad.js';
export { flipAxis, unzoom, zoom } from './augment.js';
export { RunningMaps, type Combination } from './running.js';
export { evenCoalitions, shapleyCoalitions, type Coalitions } from './coalitions.js';
export { ridge, withFixedSum, type Observations } from './least-squares.js';
export { cosineKernel, weightedFit } from './lime.js';
export { eachPosition, eachRow, slidingPatches, type Patch } from './patches.js';
export { randomMask, type MaskOptions } from './random-masks.js';
export { gridSegments, segmentsOf, type SegmentChoice } from './segments.js';
export { slic, type Segments, type SlicOptions } from './slic.js';
export {
  absolute,
  absoluteNormalize,
  applyFilter,
  extentOf,
  EMPTY_REASONS,
  MAP_FILTERS,
  maxScale,
  negative,
  negativeNormalize,
  normalize,
  positive,
  positiveNormalize,
  whyEmpty,
  type EmptyReason,
  type MapFilter,
} from './filters.js';
export { areaUnder, curveCounts } from './metrics/curve.js';
export { confidenceDrop, maskedBy } from './metrics/confidence.js';
export {
  energyInside,
  insideBoxes,
  pointingGame,
  regionOverlap,
  type Box,
} from './metrics/boxes.js';
export { estimate, type Estimate } from './metrics/interval.js';
export { infidelity } from './metrics/infidelity.js';
export { maxSensitivity } from './metrics/sensitivity.js';
export { rankCorrelation } from './metrics/rank-correlation.js';
export { rankPositions, removedPositions } from './metrics/ranking.js';
export { imputeRemoved, type ImputeOptions } from './metrics/road.js';
export { structuralSimilarity } from './metrics/ssim.js';
