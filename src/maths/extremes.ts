/** For lists of any length: as arguments (`Math.max(...list)`, `push(...list)`) a long one overflows the call stack. */

/** The largest of `atLeast` and all the numbers. */
export function greatest(numbers: Iterable<number>, atLeast = -Infinity): number {
  let found = atLeast;
  for (const number of numbers) found = Math.max(found, number);
  return found;
}

/** The smallest of `atMost` and all the numbers. */
export function least(numbers: Iterable<number>, atMost = Infinity): number {
  let found = atMost;
  for (const number of numbers) found = Math.min(found, number);
  return found;
}

/** Puts the items at the end of the list. */
export function append<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item);
}
