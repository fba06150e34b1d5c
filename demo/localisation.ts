/** The pointing game: does the peak of a class map lie on the object, and not on the other one? */
import type { Heatmap } from '../src/explanation.js';
import { insideBox, type Scene } from './scenes.js';

/** True where the centre of the map's largest cell lies in the box of object `which` and in no other. */
export function pointsAt(
  { objects, picture }: Scene,
  which: number,
  { shape, data }: Heatmap,
): boolean {
  const [height, width] = shape;
  const peak = data.indexOf(Math.max(...data));
  const x = (((peak % width) + 0.5) * picture.width) / width;
  const y = ((Math.floor(peak / width) + 0.5) * picture.height) / height;
  return objects.every(({ box }, i) => insideBox(box, x, y) === (i === which));
}
