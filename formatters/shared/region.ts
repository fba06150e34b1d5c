/** Places in words, the same in every form. */

/** Thirds of the axes as a reader would point: "upper left"; `place` holds shares of 0 to 1. */
export function region(place: readonly number[]): string {
  const third = place.map((share) => Math.min(2, Math.floor(share * 3)));
  if (third.length === 1) return ['early', 'in the middle', 'late'][third[0]];
  const [vertical, horizontal] = third.slice(-2);
  const plane =
    vertical === 1 && horizontal === 1
      ? 'centre'
      : `${['upper', 'middle', 'lower'][vertical]} ${['left', 'middle', 'right'][horizontal]}`;
  return third.length === 2
    ? plane
    : `${plane} of the ${['first', 'middle', 'last'][third[0]]} slices`;
}
