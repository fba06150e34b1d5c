/**
 * Trains the demo's classifier from a seed and writes it to demo/model:
 * `npm run train -- [--steps 2600] [--seed 7] [--out demo/model]`.
 * A quarter of an hour on one free core with the native backend. The loss asks for
 * half of the probability for each of two objects; boxes take no part in it.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { model, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { speedUpBatchNorm } from './batch-norm.js';
import { CLASSES } from './classes.js';
import { pointsAt } from './localisation.js';
import { buildNetwork } from './network.js';
import { seededRandom } from './random.js';
import { saveModel } from './save-model.js';
import { makeScene, SCENE_SIZE, type Scene } from './scenes.js';
import { loadSprites, type SpriteSet } from './sprites.js';

const BATCH = 32;
const LEARNING_RATE = 3e-3;
const WARM_UP = 100;
/** Share of scenes with one object instead of two. */
const SINGLE = 0.25;
const CHECK_EVERY = 200;
const CHECK_SCENES = 64;
/** Scenes that training never sees come from a seed that far away. */
const CHECK_SEED = 1_000_003;

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '2600' },
    seed: { type: 'string', default: '7' },
    out: { type: 'string', default: 'demo/model' },
  },
});
const [steps, seed] = [Number(values.steps), Number(values.seed)];

await chooseBackend();
const sprites = await loadSprites();
const network = buildNetwork('linear', seed);
speedUpBatchNorm(network);
console.log(`backend ${tf.getBackend()}, ${network.countParams()} parameters, ${steps} steps`);
const optimizer = tf.train.adam(LEARNING_RATE);
const started = Date.now();
let recent = 0;
for (let step = 1; step <= steps; step++) {
  (optimizer as unknown as { learningRate: number }).learningRate = learningRate(step);
  const scenes = trainingScenes(sprites, step);
  const loss = tf.tidy(() => trainStep(network, optimizer, scenes));
  recent = recent === 0 ? loss : recent * 0.98 + loss * 0.02;
  if (step % 20 === 0) {
    const seconds = Math.round((Date.now() - started) / 1000);
    console.log(`step ${step}  loss ${recent.toFixed(4)}  ${seconds} s`);
  }
  if (step % CHECK_EVERY === 0 || step === steps) {
    console.log(tf.tidy(() => check(network, sprites)));
    const trained = buildNetwork('softmax', seed);
    trained.setWeights(network.getWeights());
    await saveModel(trained, values.out);
    trained.dispose();
  }
}

const NATIVE_PACKAGE = '@tensorflow/tfjs-node';

async function chooseBackend(): Promise<void> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // repeatable sums, and one thread is faster for so small a network
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  try {
    // not resolved when compiled: the package is optional
    await import(NATIVE_PACKAGE);
  } catch (cause) {
    console.log(`the native backend did not load, training will take hours: ${String(cause)}`);
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
  }
  await tf.ready();
}

function learningRate(step: number): number {
  if (step < WARM_UP) return (LEARNING_RATE * step) / WARM_UP;
  return LEARNING_RATE * 0.5 * (1 + Math.cos((Math.PI * (step - WARM_UP)) / (steps - WARM_UP)));
}

function trainingScenes(drawings: SpriteSet, step: number): Scene[] {
  const random = seededRandom(seed, step, 1);
  return Array.from({ length: BATCH }, (_, i) =>
    makeScene(drawings, seed, step * BATCH + i, { objects: random.next() < SINGLE ? 1 : 2 }),
  );
}

function trainStep(net: LayersModel, adam: tf.Optimizer, scenes: readonly Scene[]): number {
  const inputs = toInput(scenes);
  const targets = tf.tensor2d(
    scenes.map(({ objects }) =>
      CLASSES.map((_, c) => (objects.some(({ index }) => index === c) ? 1 / objects.length : 0)),
    ),
  );
  const loss = adam.minimize(() => {
    const logits = net.apply(inputs, { training: true }) as tf.Tensor2D;
    return tf.neg<tf.Scalar>(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)));
  }, true) as tf.Scalar;
  return loss.dataSync()[0];
}

/** How many unseen scenes have the right two classes, and both class maps on their objects. */
function check(net: LayersModel, drawings: SpriteSet): string {
  const scenes = Array.from({ length: CHECK_SCENES }, (_, i) =>
    makeScene(drawings, seed + CHECK_SEED, i),
  );
  const head = net.getLayer('head_relu').output as SymbolicTensor;
  const both = model({ inputs: net.inputs, outputs: [head, net.outputs[0]] });
  const [activations, scores] = both.predict(toInput(scenes)) as tf.Tensor[];
  const maps = tf.dot(
    tf.reshape(activations, [-1, activations.shape[3]!]),
    net.getLayer('scores').getWeights()[0],
  );
  const [height, width] = activations.shape.slice(1) as [number, number];
  const perScene = tf.reshape(maps, [scenes.length, height * width, CLASSES.length]);
  const data = tf.transpose(perScene, [0, 2, 1]).dataSync() as Float32Array;
  const rows = scores.arraySync() as number[][];
  let [right, pointed] = [0, 0];
  scenes.forEach((scene, n) => {
    const order = [...rows[n].keys()].sort((a, b) => rows[n][b] - rows[n][a]).slice(0, 2);
    if (scene.objects.every(({ index }) => order.includes(index))) right++;
    const hits = scene.objects.map(({ index }, which) => {
      const from = (n * CLASSES.length + index) * height * width;
      const map = { shape: [height, width], data: data.subarray(from, from + height * width) };
      return pointsAt(scene, which, map);
    });
    if (hits.every(Boolean)) pointed++;
  });
  return `unseen scenes: ${right}/${scenes.length} have the right two classes, ${pointed}/${scenes.length} both maps on their objects`;
}

function toInput(scenes: readonly Scene[]): tf.Tensor4D {
  const size = SCENE_SIZE * SCENE_SIZE * 3;
  const data = new Float32Array(scenes.length * size);
  scenes.forEach(({ picture }, n) => {
    for (let i = 0; i < size; i++) data[n * size + i] = picture.data[i] / 127.5 - 1;
  });
  return tf.tensor4d(data, [scenes.length, SCENE_SIZE, SCENE_SIZE, 3]);
}
