/**
 * Layers of the fake network, forward and backward, in plain float64 loops that
 * anybody can check by eye. Slow on purpose; not for anything but tests.
 */
import { sizeOf } from '../../src/maths/ndarray.js';
import type { ActivationInfo, ReluRule } from '../../src/model/interface.js';

/** Numbers with a shape in float64: one sample, channels last. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface FakeLayer {
  readonly path: string;
  readonly kind: string;
  readonly activation?: ActivationInfo;
  readonly bias?: Float64Array;
  /** Weights that `randomize` draws anew. */
  readonly kernel?: { readonly shape: readonly number[]; readonly data: Float64Array };
  forward(x: Values): Values;
  /** Gradient with respect to `x`, given that with respect to the output. */
  backward(x: Values, gradient: Values, rule: ReluRule): Values;
  /** The same layer with other weights. */
  with?(kernel: Float64Array): FakeLayer;
}

const zeros = (shape: readonly number[]): Values => ({
  shape,
  data: new Float64Array(sizeOf(shape)),
});

/** Convolution of any spatial rank, padding `same` as TensorFlow does; kernel `[...k, in, out]`. */
export function conv(
  path: string,
  shape: readonly number[],
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
  stride = 1,
): FakeLayer {
  const kernel = { shape, data: Float64Array.from(weights) };
  const [inputs, outputs] = shape.slice(-2);
  const window = shape.slice(0, -2);
  const sizesOf = (x: readonly number[]) => x.slice(0, -1).map((n) => Math.ceil(n / stride));
  /** Calls `each(x position, window position, y position)` wherever all three are inside. */
  const visit = (
    x: readonly number[],
    each: (from: number, tap: number, to: number) => void,
  ): void => {
    const space = x.slice(0, -1);
    const out = sizesOf(x);
    const pad = out.map((n, axis) =>
      Math.floor(Math.max(0, (n - 1) * stride + window[axis] - space[axis]) / 2),
    );
    for (let to = 0; to < sizeOf(out); to++) {
      const y = unravel(to, out);
      for (let tap = 0; tap < sizeOf(window); tap++) {
        const k = unravel(tap, window);
        const at = y.map((i, axis) => i * stride + k[axis] - pad[axis]);
        if (at.every((i, axis) => i >= 0 && i < space[axis])) each(ravel(at, space), tap, to);
      }
    }
  };
  return {
    path,
    kind: `Conv${window.length}D`,
    kernel,
    bias: Float64Array.from(bias),
    forward(x) {
      const y = zeros([...sizesOf(x.shape), outputs]);
      for (let i = 0; i < y.data.length; i++) y.data[i] = bias[i % outputs];
      visit(x.shape, (from, tap, to) => {
        for (let i = 0; i < inputs; i++)
          for (let o = 0; o < outputs; o++)
            y.data[to * outputs + o] +=
              x.data[from * inputs + i] * kernel.data[(tap * inputs + i) * outputs + o];
      });
      return y;
    },
    backward(x, gradient) {
      const result = zeros(x.shape);
      visit(x.shape, (from, tap, to) => {
        for (let i = 0; i < inputs; i++)
          for (let o = 0; o < outputs; o++)
            result.data[from * inputs + i] +=
              gradient.data[to * outputs + o] * kernel.data[(tap * inputs + i) * outputs + o];
      });
      return result;
    },
    with: (data) => conv(path, shape, data, bias, stride),
  };
}

/** `x · kernel + bias` over the last axis; kernel `[in, out]`. */
export function dense(
  path: string,
  shape: readonly [number, number],
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
): FakeLayer {
  // a convolution without window, row by row
  const inner = conv(path, shape, weights, bias);
  return {
    ...inner,
    kind: 'Dense',
    forward: (x) => eachRow(x, shape[0], shape[1], (row) => inner.forward(row).data),
    backward: (x, gradient, rule) =>
      eachRow(
        gradient,
        shape[1],
        shape[0],
        (row) => inner.backward({ shape: [shape[0]], data: new Float64Array() }, row, rule).data,
        x.shape,
      ),
    with: (data) => dense(path, shape, data, bias),
  };
}

/** max(x, 0), or cut at `ceiling` as well. */
export function relu(path: string, ceiling?: number): FakeLayer {
  const top = ceiling ?? Infinity;
  return {
    path,
    kind: 'ReLU',
    activation: ceiling === undefined ? { name: 'relu' } : { name: `relu${ceiling}`, ceiling },
    forward: (x) => ({ shape: x.shape, data: x.data.map((v) => Math.min(Math.max(v, 0), top)) }),
    backward: (x, gradient, rule) => ({
      shape: x.shape,
      data: gradient.data.map((g, i) => {
        const open = rule === 'deconvnet' || (x.data[i] > 0 && x.data[i] < top);
        return open && (rule === 'plain' || g > 0) ? g : 0;
      }),
    }),
  };
}

/** A smooth non-linearity, so that second derivatives exist: x + x²/2. */
export function square(path: string): FakeLayer {
  return {
    path,
    kind: 'Square',
    activation: { name: 'square' },
    forward: (x) => ({ shape: x.shape, data: x.data.map((v) => v + (v * v) / 2) }),
    backward: (x, gradient) => ({
      shape: x.shape,
      data: gradient.data.map((g, i) => g * (1 + x.data[i])),
    }),
  };
}

/** Mean over space: `[..., k]` to `[k]`. */
export function globalAverage(path: string): FakeLayer {
  return {
    path,
    kind: 'GlobalAveragePooling',
    forward(x) {
      const channels = x.shape[x.shape.length - 1];
      const y = zeros([channels]);
      x.data.forEach((v, i) => (y.data[i % channels] += (v * channels) / x.data.length));
      return y;
    },
    backward: (x, gradient) => ({
      shape: x.shape,
      data: x.data.map(
        (_, i) => (gradient.data[i % gradient.data.length] * gradient.data.length) / x.data.length,
      ),
    }),
  };
}

/** `[..., k]` to one axis. */
export function flatten(path: string): FakeLayer {
  return {
    path,
    kind: 'Flatten',
    forward: (x) => ({ shape: [x.data.length], data: x.data.slice() }),
    backward: (x, gradient) => ({ shape: x.shape, data: gradient.data.slice() }),
  };
}

/** `[h, w, k]` to `[extra + h·w, k]`: constant class and register tokens, then the patches. */
export function tokens(path: string, extra: readonly (readonly number[])[]): FakeLayer {
  const first = extra.flat();
  return {
    path,
    kind: 'Tokens',
    forward(x) {
      const channels = x.shape[x.shape.length - 1];
      const data = Float64Array.from([...first, ...x.data]);
      return { shape: [data.length / channels, channels], data };
    },
    backward: (x, gradient) => ({ shape: x.shape, data: gradient.data.slice(first.length) }),
  };
}

function eachRow(
  x: Values,
  from: number,
  to: number,
  map: (row: Values) => Float64Array,
  shape: readonly number[] = [...x.shape.slice(0, -1), to],
): Values {
  const result = zeros(shape);
  for (let row = 0; row < x.data.length / from; row++) {
    const data = x.data.subarray(row * from, (row + 1) * from);
    result.data.set(map({ shape: [from], data }), row * to);
  }
  return result;
}

function unravel(index: number, shape: readonly number[]): number[] {
  const result: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result.unshift(index % shape[axis]);
    index = Math.floor(index / shape[axis]);
  }
  return result;
}

function ravel(at: readonly number[], shape: readonly number[]): number {
  return at.reduce((flat, i, axis) => flat * shape[axis] + i, 0);
}
