/** What the converter has fused into a convolution or a product: bias, normalisation, activation. */
import * as c from '../../../graph/composites.js';
import { joined } from '../../onnx/operators/pointwise.js';
import {
  asTraced,
  dimsOf,
  range,
  reshaped,
  withValue,
  type Operand,
  type Traced,
} from '../../onnx/tensor.js';
import { broken, refused, type Site } from '../site.js';
import { activations, biased } from './pointwise.js';

export function fused(y: Traced, rest: readonly Operand[], site: Site, format: string): Traced {
  const { attributes } = site;
  let x = y;
  let at = 0;
  const take = (): Operand => {
    const found = rest[at++] as Operand | undefined;
    if (found === undefined) throw broken(site, `lacks its input ${at + 1}`);
    return found;
  };
  const names = attributes.texts('fused_ops').map((name) => name.replace(/_/g, '').toLowerCase());
  names.forEach((name) => {
    if (name === 'biasadd') {
      x = { ...asTraced(biased(x, take(), format)), axes: x.axes };
      return;
    }
    if (name === 'fusedbatchnorm') {
      const [gamma, beta, mean, variance] = range(4).map(take);
      x = normalised(x, [gamma, beta, mean, variance], attributes.float('epsilon', 1e-4), format);
      return;
    }
    // before the activation: the value that separate layers would give
    site.inner('linear', x);
    if (name === 'prelu') {
      x = { ...joined([x, take()], ([v, slope]) => c.prelu(v, slope)), axes: x.axes };
    } else if (name === 'leakyrelu') {
      x = withValue(x, c.leakyRelu(x.value, attributes.float('leakyrelu_alpha', 0.2)));
    } else {
      const found = Object.keys(activations).find((known) => known.toLowerCase() === name);
      if (found === undefined) throw refused(site, `has the unknown activation '${name}'`);
      x = withValue(x, activations[found](x.value, attributes));
    }
  });
  return x;
}

/** With the statistics of training, one number for each channel. */
export function normalised(
  x: Traced,
  numbers: readonly Operand[],
  epsilon: number,
  format: string,
): Traced {
  const first = /^NC/.test(format);
  const own = numbers.map((one) => {
    const size = dimsOf(one).reduce((p, q) => p * q, 1);
    const ones = range(x.rank - 2).map(() => 1);
    return reshaped(asTraced(one), first ? [size, ...ones] : [size]);
  });
  const y = joined([x, ...own], ([v, gamma, beta, mean, variance]) =>
    c.batchNorm(v, gamma, beta, mean, variance, epsilon),
  );
  return { ...y, axes: x.axes };
}
