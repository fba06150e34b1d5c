/** Activations and layers of Keras that tfjs-layers lacks, registered under names of their own. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';

abstract class Elementwise extends tf.serialization.Serializable {
  abstract apply(x: Tensor): Tensor;

  override getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}

/** x · relu6(x + 3) / 6. */
class HardSwish extends Elementwise {
  static readonly className = 'hardSwish';
  apply(x: Tensor): Tensor {
    return tf.tidy(() => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)));
  }
}

/** relu6(x + 3) / 6, as Keras 3 defines it. */
class HardSigmoid6 extends Elementwise {
  static readonly className = 'hardSigmoid6';
  apply(x: Tensor): Tensor {
    return tf.tidy(() => tf.div(tf.relu6(tf.add(x, 3)), 6));
  }
}

/** Keras' activation of this name has slope 0.2, its layer 0.3. */
class LeakyRelu extends Elementwise {
  static readonly className = 'leakyRelu';
  apply(x: Tensor): Tensor {
    return tf.leakyRelu(x, 0.2);
  }
}

class Exponential extends Elementwise {
  static readonly className = 'exponential';
  apply(x: Tensor): Tensor {
    return tf.exp(x);
  }
}

/** Global pooling whose output keeps axes of size one (`keepdims`). */
abstract class KeptPooling extends layers.layers.Layer {
  protected abstract reduce(x: Tensor): Tensor;

  override computeOutputShape(input: (number | null)[]): (number | null)[] {
    return [input[0], 1, 1, input[3]];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return this.reduce(Array.isArray(inputs) ? inputs[0] : inputs);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), keepdims: true, dataFormat: 'channelsLast' };
  }
}

class KeptAveragePooling extends KeptPooling {
  static readonly className = 'GlobalAveragePooling2DKeepdims';
  protected reduce(x: Tensor): Tensor {
    return tf.mean(x, [1, 2], true);
  }
  // seen from outside it is the layer that Keras knows
  override getClassName(): string {
    return 'GlobalAveragePooling2D';
  }
}

class KeptMaxPooling extends KeptPooling {
  static readonly className = 'GlobalMaxPooling2DKeepdims';
  protected reduce(x: Tensor): Tensor {
    return tf.max(x, [1, 2], true);
  }
  override getClassName(): string {
    return 'GlobalMaxPooling2D';
  }
}

/** The first input minus the second. */
class Subtract extends layers.layers.Layer {
  static readonly className = 'Subtract';

  override computeOutputShape(inputs: (number | null)[][]): (number | null)[] {
    const [a, b] = inputs;
    return a.length < b.length ? b : a.map((size, axis) => (size === 1 ? b[axis] : size));
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [a, b] = inputs as Tensor[];
    return tf.sub(a, b);
  }
}

const CLASSES = [
  Subtract,
  HardSwish,
  HardSigmoid6,
  LeakyRelu,
  Exponential,
  KeptAveragePooling,
  KeptMaxPooling,
];

/** Registers what is not registered yet. */
export function registerKerasClasses(): void {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  for (const own of CLASSES) {
    if (!Object.hasOwn(known, own.className)) {
      tf.serialization.SerializationMap.register(own);
    }
  }
}
