/** Explanations and the options of a figure become a scene, whatever it is drawn as. */
import { WhylensError } from '../../src/errors.js';
import type { Explanation } from '../../src/explanation.js';
import { figureOf } from './figure.js';
import type { FigureOptions, FigureValues } from './options.js';
import { PALETTES, type Scene } from './scene.js';

/** Opacity of maps in a grid, as keras-explainable draws them. */
const GRID_OPACITY = 0.75;

/** @param given what the caller said, if it matters whether it was said */
export function figureScene(
  expl: Explanation | readonly Explanation[],
  values: FigureValues,
  given: FigureOptions,
): Scene {
  const list = Array.isArray(expl) ? (expl as readonly Explanation[]) : [expl as Explanation];
  if (list.length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'a figure needs at least one explanation, got none',
    );
  }
  return figureOf(list, {
    ...values,
    palette: PALETTES[values.theme],
    colormap: values.colormap ?? (values.filter === 'symmetric' ? 'RdBu_r' : 'viridis'),
    ...(list.length > 1 && given.opacity === undefined && given.alphaLimit === undefined
      ? { opacity: GRID_OPACITY }
      : {}),
  });
}
