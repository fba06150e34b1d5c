/** "Did you mean" for every unknown name: one rule for labels, layers, options, flags and all others. */

/** Suggestions in a message, at most. */
const MOST = 3;
/** Names that begin alike must share this many letters, and this share of what was written. */
const ALIKE = { letters: 4, share: 0.6 };

/** Nobody types longer names, and comparing takes as long as both lengths multiplied. */
const LONGEST = 200;
/** Pairs of letters compared in all: a list may have a million labels. */
const MOST_WORK = 5e7;

type Rank = readonly [kind: number, distance: number];

/**
 * The names near to `name`, nearest first; none if all are far off. In this order:
 * the same but for case and hyphens, names that begin with it or that it begins with,
 * names that differ by a few typing errors (one for each three letters), names that contain
 * it, names that begin alike, and names with a word that is near. Swapped neighbouring letters
 * count as one error.
 */
export function nearestNames(name: string, names: Iterable<string>, count = MOST): string[] {
  const wanted = name.length > LONGEST ? '' : plainly(name);
  if (wanted === '') return [];
  let work = 0;
  const ranked: { candidate: string; rank: Rank; order: number }[] = [];
  for (const candidate of new Set(names)) {
    if (candidate.length > LONGEST) continue;
    work += wanted.length * candidate.length;
    if (work > MOST_WORK) break;
    const rank = rankOf(wanted, plainly(candidate)) ?? rankOfWords(wanted, candidate);
    if (rank !== undefined) ranked.push({ candidate, rank, order: ranked.length });
  }
  return ranked
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.order - b.order)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/**
 * The end of a sentence about an unknown name: `; did you mean 'targets'?`, with each candidate as
 * `show` writes it, or a full stop if no name is near.
 *
 * @example `unknown colormap '${name}'${didYouMean(name, allowed)} Allowed: …`
 */
export function didYouMean(
  name: string,
  names: Iterable<string>,
  show: (candidate: string) => string = (candidate) => `'${candidate}'`,
): string {
  const near = nearestNames(name, names, MOST);
  if (near.length === 0) return '.';
  // all equally good beginnings are suggested; of typing errors only the nearest
  const first = plainly(near[0]);
  const wanted = plainly(name);
  const shown = first !== wanted && first.startsWith(wanted) ? near.filter(begins) : [near[0]];
  return `; did you mean ${shown.map(show).join(' or ')}?`;

  function begins(candidate: string): boolean {
    return plainly(candidate).startsWith(wanted);
  }
}

/** Letters, digits and plus alone, in lower case: `Grad-CAM` and `gradcam` are one name. */
function plainly(name: string): string {
  const letters = name.toLowerCase().replace(/[^\p{L}\p{N}+]+/gu, '');
  return letters === '' ? name.trim().toLowerCase() : letters;
}

function rankOf(wanted: string, candidate: string): Rank | undefined {
  const distance = slips(wanted, candidate);
  if (distance === 0) return [0, 0];
  const [short, long] = [wanted, candidate].sort((a, b) => a.length - b.length);
  if (short.length >= 2 && long.startsWith(short)) return [1, distance];
  const close = distance <= Math.max(1, Math.floor(wanted.length / 3));
  if (close && distance < wanted.length) return [2, distance];
  if (short.length >= 3 && long.includes(short)) return [3, distance];
  const same = sharedStart(wanted, candidate);
  if (same >= ALIKE.letters && same >= ALIKE.share * wanted.length) return [4, distance];
  return undefined;
}

/** A typing error in one of several words: `tigre` in `tiger cat`, one layer of a path. */
function rankOfWords(wanted: string, candidate: string): Rank | undefined {
  if (wanted.length < ALIKE.letters) return undefined;
  const words = candidate.split(/[^\p{L}\p{N}+]+/u).filter(({ length }) => length >= ALIKE.letters);
  const distance = Math.min(...words.map((word) => slips(wanted, word.toLowerCase())));
  return distance <= Math.floor(wanted.length / 4) ? [5, distance] : undefined;
}

function sharedStart(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

/** Letters added, left out, exchanged for another, or swapped with their neighbour (Damerau). */
function slips(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j] + 1, next[j - 1] + 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        next[j] = Math.min(next[j], before[j - 2] + 1);
      }
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
