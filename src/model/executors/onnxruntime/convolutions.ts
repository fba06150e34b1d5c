/**
 * Convolutions and pools, channels first, with the padding before them taken
 * in. A convolution of a value spread by zeros is the way back through one
 * with strides: the forms are those that ONNX Runtime is fastest with.
 */
import { range, sizeOf } from '../../graph/build.js';
import type { Shape } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import { first, numbersIn, numbersOf, type Emitter, type Perm } from './emitter.js';

type Written = readonly [Perm, string];

/** The value before a padding of space alone, and that padding; none if there is none that fits. */
function withoutPadding(
  v: Value,
  fill: number,
): { x: Value; low: number[]; high: number[]; inner: number[] } {
  const rank = v.shape.length - 1;
  const none = new Array<number>(rank).fill(0);
  if (v.op === 'pad' && v.attrs.value === fill) {
    const { low, high, inner } = v.attrs;
    if ([low, high, inner].every((list) => list[rank] === 0)) {
      const cut = (list: Shape): number[] => list.slice(0, rank);
      return { x: v.inputs[0], low: cut(low), high: cut(high), inner: cut(inner) };
    }
  }
  return { x: v, low: none, high: none, inner: none };
}

export function writeConv(v: Value<'conv'>, w: Emitter, bias?: Value): Written {
  const [source, kernel] = v.inputs;
  const { x, low, high, inner } = withoutPadding(source, 0);
  const perm = first(v.shape.length);
  const conv = { v, w, kernel, bias };
  if (inner.every((n, i) => n === 0 || x.shape[i] === 1)) {
    return [perm, plainConv(conv, w.as(x, perm), low, high)];
  }
  const ones = v.attrs.strides.every((s) => s === 1);
  if (!ones)
    return [
      perm,
      plainConv(
        conv,
        w.as(source, perm),
        low.map(() => 0),
        low.map(() => 0),
      ),
    ];
  const spread = { x, low, high, inner };
  return [
    perm,
    spreadFirst(conv, spread) ??
      transposed(conv, spread) ??
      plainConv(
        conv,
        w.as(source, perm),
        low.map(() => 0),
        low.map(() => 0),
      ),
  ];
}

interface Conv {
  readonly v: Value<'conv'>;
  readonly w: Emitter;
  readonly kernel: Value;
  readonly bias: Value | undefined;
}
interface Spread {
  readonly x: Value;
  readonly low: number[];
  readonly high: number[];
  readonly inner: number[];
}

const biasOf = ({ bias, w }: Conv): string[] =>
  bias === undefined ? [] : [w.floats([sizeOf(bias.shape)], numbersOf(bias))];

function plainConv(conv: Conv, x: string, low: Shape, high: Shape): string {
  const { v, w, kernel } = conv;
  const { strides, dilations, groups } = v.attrs;
  const rank = strides.length;
  const weight = w.as(kernel, [rank + 1, rank, ...range(rank)]);
  return w.node('Conv', [x, weight, ...biasOf(conv)], {
    ints: {
      strides,
      dilations,
      group: groups,
      kernel_shape: kernel.shape.slice(0, rank),
      pads: [...low, ...high],
    },
  });
}

/**
 * For separate channels, or a window of one: rows repeated, all but the first
 * of each masked away, then a plain convolution. Undefined if that is not faster.
 */
function spreadFirst(conv: Conv, { x, low, high, inner }: Spread): string | undefined {
  const { v, w } = conv;
  const { groups } = v.attrs;
  const channels = x.shape[x.shape.length - 1];
  const depthwise = groups === channels && groups === v.shape[v.shape.length - 1];
  if (!depthwise || inner.length !== 2) return undefined;
  // repeating leaves rows of zeros at the end, which count as padding
  const rest = high.map((n, i) => n - (x.shape[i] === 1 ? 0 : inner[i]));
  if (rest.some((n) => n < 0)) return undefined;
  const perm = first(x.shape.length);
  const steps = inner.map((n, i) => (x.shape[i] === 1 ? 1 : n + 1));
  const repeated = w.node('Resize', [w.as(x, perm), '', w.floats([4], [1, 1, ...steps])], {
    strings: {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    },
  });
  const [height, width] = steps.map((s, i) => x.shape[i] * s);
  const mask = w.once(`mask ${height} ${width} ${steps.join()}`, () =>
    w.floats(
      [height, width],
      Float32Array.from({ length: height * width }, (_, at) =>
        Number(Math.floor(at / width) % steps[0] === 0 && (at % width) % steps[1] === 0),
      ),
    ),
  );
  return plainConv(conv, w.node('Mul', [repeated, mask]), low, rest);
}

/** As ConvTranspose of the kernel turned back; undefined if its padding cannot be known. */
function transposed(conv: Conv, { x, low, high, inner }: Spread): string | undefined {
  const { v, w, kernel } = conv;
  const { dilations, groups } = v.attrs;
  const rank = dilations.length;
  const window = kernel.shape.slice(0, rank);
  const reach = window.map((k, i) => (k - 1) * dilations[i]);
  const cutLow = reach.map((n, i) => n - low[i]);
  if (cutLow.some((n) => n < 0)) return undefined;
  const cutHigh = reach.map((n, i) => Math.max(n - high[i], 0));
  const more = high.map((n, i) => Math.max(n - reach[i], 0));
  const steps = inner.map((n) => n + 1);
  // rows that only the padding reaches are added behind, if the operator allows so many
  const allowed = more.every((n, i) => n < Math.max(steps[i], dilations[i]));
  const weight = w.once(`turned ${w.as(kernel, range(rank + 2))} ${groups}`, () =>
    turnedBack(kernel, groups, w),
  );
  const perm = first(x.shape.length);
  const y = w.node('ConvTranspose', [w.as(x, perm), weight, ...biasOf(conv)], {
    ints: {
      strides: steps,
      dilations,
      group: groups,
      kernel_shape: window,
      pads: [...cutLow, ...cutHigh],
      ...(allowed ? { output_padding: more } : {}),
    },
  });
  if (allowed) return y;
  if (conv.bias !== undefined) return undefined;
  const none = more.map(() => 0);
  return w.node('Pad', [y, w.ints([0, 0, ...none, 0, 0, ...more])]);
}

/** `[…window, in / groups, out]` as ConvTranspose's `[in, out / groups, …window]`, reversed in space. */
function turnedBack(kernel: Value, groups: number, w: Emitter): string {
  const rank = kernel.shape.length - 2;
  const window = kernel.shape.slice(0, rank);
  const [inputs, outputs] = kernel.shape.slice(rank);
  const perGroup = outputs / groups;
  // [out, in / groups, …window] of groups of filters, the window backwards
  const data = numbersIn(kernel, [rank + 1, rank, ...range(rank)]);
  const cells = sizeOf(window);
  const out = new Float32Array(data.length);
  for (let g = 0; g < groups; g++) {
    for (let o = 0; o < perGroup; o++) {
      for (let i = 0; i < inputs; i++) {
        const from = ((g * perGroup + o) * inputs + i) * cells;
        const to = ((g * inputs + i) * perGroup + o) * cells;
        for (let k = 0; k < cells; k++) out[to + k] = data[from + cells - 1 - k];
      }
    }
  }
  return w.floats([inputs * groups, perGroup, ...window], out);
}

export function writeMaxPool(v: Value<'maxPool'>, w: Emitter): Written {
  const { window, strides, dilations } = v.attrs;
  const found = withoutPadding(v.inputs[0], -Infinity);
  const fits =
    found.inner.every((n) => n === 0) &&
    // the operator wants some of the picture in every window
    [found.low, found.high].every((list) => list.every((n, i) => n < window[i]));
  const none = window.map(() => 0);
  const { x, low, high } = fits ? found : { x: v.inputs[0], low: none, high: none };
  const perm = first(v.shape.length);
  return [
    perm,
    w.node('MaxPool', [w.as(x, perm)], {
      ints: { kernel_shape: window, strides, dilations, pads: [...low, ...high] },
    }),
  ];
}
