import test from 'ava';
import { eachPosition, eachRow } from '../../src/maths/patches.js';

test('rows of a patch are its positions, those of the last axis together', (t) => {
  const cases = [
    { space: [7], patch: { start: [2], end: [5] } },
    { space: [4, 5], patch: { start: [1, 2], end: [3, 5] } },
    { space: [3, 4, 5], patch: { start: [1, 0, 3], end: [3, 2, 4] } },
  ];
  for (const { space, patch } of cases) {
    const single: number[] = [];
    eachPosition(patch, space, (p) => single.push(p));
    const rows: [number, number][] = [];
    eachRow(patch, space, (from, to) => rows.push([from, to]));
    const length = patch.end.at(-1)! - patch.start.at(-1)!;
    t.true(rows.every(([from, to]) => to - from === length));
    t.deepEqual(
      rows.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)),
      single,
    );
  }
});
