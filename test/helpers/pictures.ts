/** The methods that explain pictures and arrays; those of rows and texts have tests of their own. */
import type { Explainer } from '../../src/container/plugin.js';

const PICTURE_KINDS: readonly string[] = ['image', 'array'];

export function pictureMethods(explainers: ReadonlyMap<string, Explainer>): Map<string, Explainer> {
  return new Map(
    [...explainers].filter(([, { documents }]) =>
      documents.some((kind) => PICTURE_KINDS.includes(kind)),
    ),
  );
}

/** Those of them that make maps, not concepts. */
export function mapMethods(explainers: ReadonlyMap<string, Explainer>): Map<string, Explainer> {
  return new Map(
    [...pictureMethods(explainers)].filter(([, { records }]) => records === undefined),
  );
}
