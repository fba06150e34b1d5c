/** Every kind of record as blocks of a drawing: one a target, concept or table. */
import type { Explanation } from '../../src/explanation.js';
import type { Colormap } from '../../src/images/colormaps.js';
import type { Extent } from '../display/scale.js';
import type { FigureValues } from './options.js';
import { conceptPanels, imagePanels, volumePanels } from './panel-maps.js';
import { signalPanels } from './panel-signal.js';
import { classPanels } from './panel-classes.js';
import { spanPanels } from './panel-spans.js';
import { treePanel } from './panel-tree.js';
import { importancePanel, transitionPanel, weightPanels } from './panel-weights.js';
import type { Block, Palette } from './scene.js';

/** What panels are drawn with: the options of a figure, with what follows from them. */
export type PanelOptions = Pick<
  FigureValues,
  | 'cellSize'
  | 'filter'
  | 'alphaLimit'
  | 'opacity'
  | 'resamplingFilter'
  | 'percentile'
  | 'scheme'
  | 'preserveDensity'
> & {
  readonly palette: Palette;
  readonly colormap: Colormap;
  /** One scale for all maps. */
  readonly extent?: Extent;
  /** Draw the original beside each map. */
  readonly pairs: boolean;
};

/** A block and what stands above it. */
export interface Panel extends Block {
  readonly title: string;
  /** True for the drawing of a map; titles that the caller gives are for those. */
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
      return [...weightPanels(expl, options), ...classPanels(expl, options)];
    case 'weighted-spans':
      return [...spanPanels(expl, options), ...classPanels(expl, options)];
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
