/** Every kind of record as blocks of a drawing: one a target, concept or table. */
import type { Explanation } from '../../src/explanation.js';
import type { Colormap } from '../../src/images/colormaps.js';
import type { ResamplingFilter } from '../../src/images/resample.js';
import type { ShownFilter } from '../display/filters.js';
import type { Percentile } from '../display/full-strength.js';
import type { Extent } from '../display/scale.js';
import { conceptPanels, imagePanels, volumePanels } from './panel-maps.js';
import { signalPanels } from './panel-signal.js';
import { spanPanels } from './panel-spans.js';
import { treePanel } from './panel-tree.js';
import { importancePanel, transitionPanel, weightPanels } from './panel-weights.js';
import type { Block, Palette } from './scene.js';
import type { SpanScheme } from './spans.js';

export interface PanelOptions {
  readonly palette: Palette;
  /** Longest side of a picture, in pixels at scale 1. */
  readonly cellSize: number;
  readonly colormap: Colormap;
  readonly filter: ShownFilter;
  readonly alphaLimit: number;
  readonly opacity?: number;
  readonly resamplingFilter: ResamplingFilter;
  /** Which of the values counts as full. */
  readonly percentile: Percentile;
  /** One scale for all maps. */
  readonly extent?: Extent;
  /** Draw the original beside each map. */
  readonly pairs: boolean;
  readonly scheme: SpanScheme;
  readonly preserveDensity?: boolean;
}

/** A block and what stands above it. */
export interface Panel extends Block {
  readonly title: string;
  /** True for the drawing of a map, which a title of the caller's is meant for. */
  readonly titled?: boolean;
}

export function panelsOf(expl: Explanation, options: PanelOptions): readonly Panel[] {
  switch (expl.kind) {
    case 'image':
      return imagePanels(expl, options);
    case 'concepts':
      return conceptPanels(expl, options);
    case 'volume':
      return volumePanels(expl, options);
    case 'signal':
      return signalPanels(expl, options);
    case 'feature-weights':
      return weightPanels(expl, options);
    case 'weighted-spans':
      return spanPanels(expl, options);
    case 'feature-importances':
      return [importancePanel(expl.importances, expl.remaining, 'Importances', options)];
    case 'decision-tree':
      return [
        treePanel(expl, options),
        ...(expl.importances === undefined
          ? []
          : [importancePanel(expl.importances, 0, 'Importances', options)]),
      ];
    case 'transition-features':
      return [transitionPanel(expl, options)];
  }
}
