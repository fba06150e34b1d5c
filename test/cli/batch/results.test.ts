import test from 'ava';
import { placesOf } from '../../../src/cli/batch/results.js';

test('centre of mass and box of half the heat, by hand', (t) => {
  // 2 rows, 4 columns; negative heat counts as none
  const data = Float32Array.from([0, 1, 0, -9, 0, 0, 3, 4]);
  const places = placesOf({ shape: [2, 4], data });
  // masses 1 at (1.5, 0.5), 3 at (2.5, 1.5), 4 at (3.5, 1.5), of 8 together
  t.is(places.centerX, (1 * 1.5 + 3 * 2.5 + 4 * 3.5) / 8 / 4);
  t.is(places.centerY, (1 * 0.5 + 7 * 1.5) / 8 / 2);
  // the 4 alone is half of 8
  t.deepEqual(
    [places.boxLeft, places.boxTop, places.boxRight, places.boxBottom],
    [3 / 4, 1 / 2, 1, 1],
  );
  const wider = placesOf({ shape: [2, 4], data: Float32Array.from([0, 2, 0, 0, 0, 0, 3, 4]) });
  t.deepEqual([wider.boxLeft, wider.boxRight], [2 / 4, 1]);
});

test('a map without positive heat lies nowhere', (t) => {
  t.is(placesOf({ shape: [1, 2], data: Float32Array.from([-1, 0]) }).centerX, null);
  t.is(placesOf({ shape: [3], data: Float32Array.from([1, 2, 3]) }).boxLeft, null);
  t.is(placesOf(undefined).centerY, null);
});
