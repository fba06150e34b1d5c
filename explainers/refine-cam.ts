import { severalLayers } from './shared/several-layers.js';

/**
 * RefineCAM (Domeniconi et al. 2026): a method's maps at several layers, each
 * max(M, 0) stretched to [0, 1] and resized bilinearly to the finest,
 * multiplied: the coarse layers say which object, the fine ones where exactly.
 * Map `[h, w]` in [0, 1], at the resolution of the finest layer or of the input.
 *
 * If one layer has nothing positive, the product is empty; `multi-layer`
 * takes the mean instead.
 */
export const refineCam = severalLayers({
  id: 'refine-cam',
  summary: 'maps of several layers, multiplied',
  family: 'cam',
  description:
    'Values from 0 to 1 are where all the layers saw evidence for the target at once: the product of their maps, each scaled to its own maximum.',
  reference: 'Domeniconi 2026',
  defaultMethod: 'grad-cam++',
  scale: stretched,
  combine: (values) => values.reduce((a, b) => a * b, 1),
});

/** max(M, 0) stretched to [0, 1]; zeros if it is the same everywhere. */
function stretched(values: Float32Array): Float32Array {
  const positive = values.map((value) => Math.max(value, 0));
  const low = positive.reduce((a, b) => Math.min(a, b), Infinity);
  const range = positive.reduce((a, b) => Math.max(a, b), 0) - low;
  return positive.map((value) => (range === 0 ? 0 : (value - low) / range));
}
