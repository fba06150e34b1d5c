/** A small vision transformer of tfjs layers: what keras-style ViTs are made of, custom layers included. */
import { seedWeights, tf, tfl } from './tfjs.js';

const { layers } = tfl;
const WIDTH = 8;

/** A learned class token before the patches, and a learned position added to each. */
class ClassToken extends layers.Layer {
  static readonly className = 'ClassToken';
  private token?: tfl.LayerVariable;
  private positions?: tfl.LayerVariable;

  override build([, count, width]: number[]): void {
    const initializer = tfl.initializers.randomNormal({ seed: 1, stddev: 0.5 });
    this.token = this.addWeight('token', [1, 1, width], 'float32', initializer);
    this.positions = this.addWeight('positions', [1, count + 1, width], 'float32', initializer);
    this.built = true;
  }

  override computeOutputShape([batch, count, width]: number[]): number[] {
    return [batch, count + 1, width];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = one(inputs) as tf.Tensor3D;
      const token = tf.tile(this.token!.read() as tf.Tensor3D, [x.shape[0], 1, 1]);
      return tf.add(tf.concat([token, x], 1), this.positions!.read());
    });
  }
}

/** Self-attention: queries, keys and values of `heads` heads in one kernel, and a projection. */
class MultiHeadAttention extends layers.Layer {
  static readonly className = 'MultiHeadAttention';
  private readonly heads: number;
  private qkv?: tfl.LayerVariable;
  private projection?: tfl.LayerVariable;

  constructor({ heads, ...config }: { heads: number; name: string }) {
    super(config);
    this.heads = heads;
  }

  override build([, , width]: number[]): void {
    const initializer = tfl.initializers.randomNormal({ seed: 2, stddev: 0.5 });
    this.qkv = this.addWeight('qkv', [width, 3 * width], 'float32', initializer);
    this.projection = this.addWeight('projection', [width, width], 'float32', initializer);
    this.built = true;
  }

  override computeOutputShape(shape: number[]): number[] {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = one(inputs);
      const [batch, count, width] = x.shape;
      const depth = width / this.heads;
      const rows = (values: tf.Tensor) => tf.reshape(values, [batch * count, width]) as tf.Tensor2D;
      const all = tf.matMul(rows(x), this.qkv!.read() as tf.Tensor2D);
      const split = tf.reshape(all, [batch, count, 3, this.heads, depth]);
      const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]));
      const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(depth));
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
      const projected = tf.matMul(rows(mixed), this.projection!.read() as tf.Tensor2D);
      return tf.reshape(projected, [batch, count, width]);
    });
  }
}

/** The class token of the last block, which the head reads. */
class FirstToken extends layers.Layer {
  static readonly className = 'FirstToken';

  override computeOutputShape([batch, , width]: number[]): number[] {
    return [batch, width];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = one(inputs);
      return tf.squeeze(tf.slice(x, [0, 0, 0], [x.shape[0], 1, x.shape[2]!]), [1]);
    });
  }
}

function one(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(inputs) ? inputs[0] : inputs;
}

/** 8 × 12 × 3 → patches of 2 × 2 → 24 tokens and one of the class → two blocks → 4 classes. */
export function visionTransformer(): tfl.LayersModel {
  const input = tfl.input({ shape: [8, 12, 3], name: 'picture' });
  let x = layers
    .conv2d({ filters: WIDTH, kernelSize: 2, strides: 2, name: 'patches' })
    .apply(input) as tfl.SymbolicTensor;
  x = layers.reshape({ targetShape: [24, WIDTH], name: 'sequence' }).apply(x) as tfl.SymbolicTensor;
  x = new ClassToken({ name: 'tokens' }).apply(x) as tfl.SymbolicTensor;
  for (const block of ['block1', 'block2']) {
    const name = (part: string) => `${block}_${part}`;
    const normal = layers.layerNormalization({ name: name('norm1') }).apply(x);
    const attended = new MultiHeadAttention({ heads: 2, name: name('attention') }).apply(normal);
    x = layers
      .add({ name: name('add1') })
      .apply([x, attended as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    let wide = layers.layerNormalization({ name: name('norm2') }).apply(x);
    wide = layers
      .dense({ units: 2 * WIDTH, activation: 'swish', name: name('dense1') })
      .apply(wide);
    wide = layers.dense({ units: WIDTH, name: name('dense2') }).apply(wide);
    x = layers
      .add({ name: name('add2') })
      .apply([x, wide as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
  }
  const head = new FirstToken({ name: 'class' }).apply(
    layers.layerNormalization({ name: 'norm' }).apply(x),
  );
  const scores = layers.dense({ units: 4, activation: 'softmax', name: 'scores' }).apply(head);
  const model = tfl.model({ inputs: input, outputs: scores as tfl.SymbolicTensor });
  seedWeights(model, 7);
  return model;
}
