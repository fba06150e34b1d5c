/** The option with which explainers read a vision transformer's tokens as a map. */
import type { ExplainContext } from '../../src/container/plugin.js';
import { WhylensError } from '../../src/errors.js';
import type { NdArray } from '../../src/explanation.js';
import { inferTokenGrid, tokensToGrid, type TokenGrid } from '../../src/maths/tokens.js';
import type { OptionValues, ValueOption } from '../../src/options.js';

/** Spread into an explainer's options: `options = { ...TOKEN_OPTIONS, … }`. */
export const TOKEN_OPTIONS = {
  tokens: {
    type: 'value',
    default: undefined,
    help: 'Where the patches are in a layer of tokens: leading tokens to skip, and the grid; inferred from the input size if left out',
    expects:
      "{ skip?: whole number, grid?: [rows, columns] }, or in text '1', '14x14' or '1:14x14'",
    check: isTokenOption,
    parse: parseTokens,
  },
} as const satisfies Readonly<Record<string, ValueOption>>;

/** The context of a method that looks at a layer. */
export type LayerContext = ExplainContext<OptionValues<typeof TOKEN_OPTIONS>>;

/**
 * The activations (or gradients) of one sample as positions in space: a token
 * sequence `[n, k]` over a picture becomes `[rows, columns, k]` without class
 * and register tokens; everything else is returned as it is.
 *
 * @throws UNSUITABLE_LAYER if the tokens fill no grid over the input
 */
export function inSpace(context: LayerContext, array: NdArray): NdArray {
  const given = context.options.tokens;
  const space = context.inputs[context.input].shape.slice(1, -1);
  if (array.shape.length !== 2 || (given === undefined && space.length < 2)) return array;
  const [count, channels] = array.shape;
  const found = inferTokenGrid(count, space, given);
  if (found === undefined) {
    throw new WhylensError(
      'UNSUITABLE_LAYER',
      `layer '${context.layer?.path}' gives ${count} tokens of ${channels} channels, and ${
        given === undefined ? 'no grid of square patches' : `tokens ${JSON.stringify(given)}`
      } over an input of ${space.join('×')} fits that number; say where the patches are with option tokens: { skip, grid: [rows, columns] } so that skip + rows × columns = ${count}`,
      { facts: { tokens: count, input: space } },
    );
  }
  return tokensToGrid(array, found);
}

function isTokenOption(value: unknown): value is Partial<TokenGrid> {
  if (typeof value !== 'object' || value === null) return false;
  const { skip, grid, ...rest } = value as Partial<TokenGrid>;
  const whole = (n: unknown, least: number) => Number.isInteger(n) && (n as number) >= least;
  return (
    Object.keys(rest).length === 0 &&
    (skip === undefined || whole(skip, 0)) &&
    (grid === undefined ||
      (Array.isArray(grid) && grid.length > 0 && grid.every((size) => whole(size, 1))))
  );
}

function parseTokens(text: string): unknown {
  // '1', '14x14' or '1:14x14'
  const match = /^(?:(\d+)|(?:(\d+):)?(\d+(?:x\d+)+))$/.exec(text.trim());
  if (match === null) return text;
  const [, alone, before, grid] = match;
  const skip = alone ?? before;
  return {
    ...(skip === undefined ? {} : { skip: Number(skip) }),
    ...(grid === undefined ? {} : { grid: grid.split('x').map(Number) }),
  };
}
