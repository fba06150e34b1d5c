/** Weights that a topology asks for, and those that a file has: compared before memory is taken. */
import type { io } from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';

/** Values that a weight may have without harm, whatever the file holds. */
const HARMLESS = 2 ** 20;

type AddWeight = (name: string, shape: (number | null)[], ...rest: unknown[]) => unknown;

/** Runs `build`, which must wait for nothing; throws `MODEL_LOAD` at the first weight that no file could fill. */
export function withinWeights<T>(
  specs: readonly io.WeightsManifestEntry[],
  file: string,
  build: () => T,
): T {
  const largest = specs.reduce((most, { shape }) => Math.max(most, sizeOf(shape)), 0);
  const prototype = layers.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  prototype.addWeight = function (this: { name: string }, name, shape, ...rest) {
    const size = shape.reduce<number>((product, length) => product * (length ?? 1), 1);
    // what costs little is compared, and told in detail, once it is built
    if (!(size <= Math.max(largest, HARMLESS))) {
      throw new WhylensError(
        'MODEL_LOAD',
        `layer '${this.name}' in ${file} needs a weight '${name}' of shape [${shape.join(', ')}], but the largest weight of the file has ${largest} values. Load the .keras or .h5 file that it was converted from instead: loadModel reads it`,
        { facts: { layer: this.name, weight: name, shape } },
      );
    }
    return addWeight.call(this, name, shape, ...rest);
  };
  try {
    return build();
  } finally {
    prototype.addWeight = addWeight;
  }
}
