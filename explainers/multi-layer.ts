import { severalLayers } from './shared/several-layers.js';

/**
 * Mean over several layers of a method's maps, each max(M, 0) / max M and
 * resized bilinearly to the finest of them, or to the input. Map `[h, w]` in
 * [0, 1]; a layer whose map has nothing positive counts as zeros.
 *
 * Prefer `refine-cam` for a map that marks only what all layers agree on.
 *
 * @example explainPrediction(model, doc, { method: 'multi-layer', of: 'layer-cam', layers: ['c3', 'c5'] })
 */
export const multiLayer = severalLayers({
  id: 'multi-layer',
  summary: 'maps of several layers, averaged',
  family: 'wrapper',
  description:
    'Values from 0 to 1 are where the layers, each scaled to its own maximum, saw evidence for the target on average.',
  reference: 'pytorch-grad-cam',
  defaultMethod: 'grad-cam',
  scale: maxShare,
  combine: (values) => values.reduce((a, b) => a + b, 0) / values.length,
});

/** max(M, 0) / max M; zeros if nothing is positive. */
function maxShare(values: Float32Array): Float32Array {
  const top = values.reduce((a, b) => Math.max(a, b), 0);
  return values.map((value) => (value > 0 ? value / top : 0));
}
