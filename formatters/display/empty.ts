/** What is said about maps that show nothing. */
import type { Heatmap } from '../../src/explanation.js';
import { whyEmpty } from '../../src/maths/filters.js';
import type { DisplayFilter } from './filters.js';

/** Why nothing of these maps is shown, in a few words; undefined if something is. */
export function emptyNote(
  maps: readonly Heatmap[],
  filter: DisplayFilter = 'positive',
): string | undefined {
  if (maps.some((map) => shows(map, filter))) return undefined;
  if (maps.every((map) => whyEmpty(map) === 'zero')) return 'all values are zero';
  if (/^negative/.test(filter)) return 'nothing speaks against it';
  if (filter === 'normalize') return 'all values are equal';
  return 'nothing speaks for it';
}

function shows({ data }: Heatmap, filter: DisplayFilter): boolean {
  switch (filter) {
    case 'negative':
    case 'negativeNormalize':
      return data.some((value) => value < 0);
    case 'absolute':
    case 'absoluteNormalize':
    case 'symmetric':
      return data.some((value) => value !== 0);
    case 'normalize':
      return data.some((value) => value !== data[0]);
    default:
      return data.some((value) => value > 0);
  }
}
