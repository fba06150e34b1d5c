/** Colours of single values, if there is no colormap: cells of a terminal, words of a text, rows of a table. */
import { shareOf } from './scale.js';

export type Rgb = readonly [red: number, green: number, blue: number];

/** Ink of a sign: red for, blue against. */
export const SIGN_INK = { for: [255, 60, 40], against: [60, 110, 255] } as const satisfies Record<
  string,
  Rgb
>;

/** Colour of a value between -1 and 1 mixed into a ground: red for, blue against. */
export function tint(ground: Rgb, value: number, strength = 0.65): Rgb {
  const share = Math.min(Math.abs(value), 1) * strength;
  const ink: Rgb = value > 0 ? [255, 40, 20] : [30, 80, 255];
  return [0, 1, 2].map((i) => ground[i] * (1 - share) + ink[i] * share) as unknown as Rgb;
}

/** The same for words: green for, red against, since in texts red means against. */
export function wordTint(ground: Rgb, value: number): Rgb {
  const [red, green, blue] = tint(ground, value);
  return value > 0 ? [blue, red, green] : [blue, green, red];
}

/** Steps of green and of red in tables and texts of a page. */
export const SHADES = 10_000;

/** Which step a weight gets, from 0 to `SHADES` at `most`, by ELI5's rule: small weights are seen too. */
export function shadeOf(weight: number, most: number): number {
  return Math.round(Math.abs(shareOf(weight, most)) ** 0.7 * SHADES);
}
