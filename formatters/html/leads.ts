import type { PageValues } from './options.js';

/** What the map on the page means, by the part of the evidence that it shows. */
export const LEADS: Readonly<Record<PageValues['filter'], string>> = {
  positive: 'Bright places made it say so.',
  negative: 'Bright places spoke against it.',
  absolute: 'Bright places took part in it, for or against.',
  symmetric:
    'Places in the colour of the right end made it say so, those of the left end spoke against it.',
  normalize: 'Bright places made it say so, dark places the least or spoke against it.',
};
