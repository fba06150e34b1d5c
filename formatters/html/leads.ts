/** What the map on the page means, by the part of the evidence that it shows. */
import type { TargetBase } from '../../src/explanation.js';
import { isTop } from '../shared/verdict.js';
import type { PageValues } from './options.js';

type Leads = Readonly<Record<PageValues['filter'], string>>;

/** Of the class that the model says. */
const OF_TOP: Leads = {
  positive: 'Bright places made it say so.',
  negative: 'Bright places spoke against it.',
  absolute: 'Bright places took part in it, for or against.',
  symmetric:
    'Places in the colour of the right end made it say so, those of the left end spoke against it.',
  normalize: 'Bright places made it say so, dark places the least or spoke against it.',
};

/** Of any other class. */
const OF_OTHER: Leads = {
  positive: 'Bright places speak for it.',
  negative: 'Bright places speak against it.',
  absolute: 'Bright places speak for it or against it.',
  symmetric:
    'Places in the colour of the right end speak for it, those of the left end against it.',
  normalize: 'Bright places speak for it, dark places the least or against it.',
};

export function leadsFor(targets: readonly TargetBase[]): Leads {
  return targets.length === 1 && isTop(targets[0]) ? OF_TOP : OF_OTHER;
}
