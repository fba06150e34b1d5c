import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { CLASSES } from '../../demo/classes.js';
import { MODEL_FOLDER, SCENES_FOLDER, type DemoScene } from '../../demo/files.js';
import { pointsAt } from '../../demo/localisation.js';
import { makeScene } from '../../demo/scenes.js';
import { loadSprites } from '../../demo/sprites.js';
import {
  explainPrediction,
  explainPredictions,
  loadImage,
  loadModel,
  topClass,
  type Explanation,
  type ImageExplanation,
} from '../../src/index.js';

/** Of no scene that training, its checks or the demo use. */
const SEED = 31337;
const COUNT = 200;

const load = (): ReturnType<typeof loadModel> =>
  loadModel(join(MODEL_FOLDER, 'model.json'), {
    labels: join(MODEL_FOLDER, 'labels.json'),
    preprocess: 'tf',
    backend: 'wasm',
  });

test('on unseen scenes each map peaks on its own object and not on the other', async (t) => {
  const sprites = await loadSprites();
  const scenes = Array.from({ length: COUNT }, (_, i) => makeScene(sprites, SEED, i));
  const model = await load();
  const explanations = explainPredictions(
    model,
    scenes.map(({ picture }) => picture),
    { targets: scenes.map(({ objects }) => objects.map(({ name }) => name)), together: COUNT },
  );
  let [done, both] = [0, 0];
  for await (const expl of explanations) {
    const scene = scenes[done++];
    const hits = overPicture(expl).targets.map(({ heatmap }, i) => pointsAt(scene, i, heatmap));
    t.is(hits.length, 2);
    if (hits.every(Boolean)) both++;
  }
  model.dispose();
  t.is(done, COUNT);
  t.log(`both maps on their objects in ${both} of ${COUNT} scenes`);
  t.true(both >= 0.8 * COUNT, `${both} of ${COUNT}`);
});

test('the two top classes of each committed scene are its objects, and light them up', async (t) => {
  const model = await load();
  const listing = await readFile(join(SCENES_FOLDER, 'scenes.json'), 'utf8');
  const scenes = JSON.parse(listing) as DemoScene[];
  t.is(scenes.length, 3);
  for (const { file, objects } of scenes) {
    const picture = await loadImage(join(SCENES_FOLDER, file));
    const expl = await explainPrediction(model, picture, { targets: [topClass(), topClass(1)] });
    const found = overPicture(expl).targets;
    t.deepEqual(found.map(({ label }) => label).sort(), objects.map(({ name }) => name).sort());
    for (const { label, heatmap } of found) {
      const which = objects.findIndex(({ name }) => name === label);
      t.true(pointsAt({ picture, objects }, which, heatmap), `${file}: ${label}`);
    }
  }
  model.dispose();
});

test('the model is small, knows the classes in their order, and is built as real networks are', async (t) => {
  const files = ['model.json', 'weights.bin', 'labels.json'].map((name) =>
    join(MODEL_FOLDER, name),
  );
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  t.true(sizes.reduce((a, b) => a + b) < 2e6, sizes.join());
  const labels: unknown = JSON.parse(await readFile(files[2], 'utf8'));
  t.deepEqual(
    labels,
    CLASSES.map(({ name }) => name),
  );
  const model = await load();
  const { layer } = overPicture(
    await explainPrediction(model, await loadImage(await anyScene()), {}),
  );
  model.dispose();
  t.deepEqual(layer?.shape, [16, 16, 128]);
  const topology = await readFile(files[0], 'utf8');
  for (const kind of ['DepthwiseConv2D', 'BatchNormalization', 'Add', 'softmax']) {
    t.true(topology.includes(`"${kind}"`), kind);
  }
});

function overPicture(expl: Explanation): ImageExplanation {
  if (expl.kind !== 'image') throw new Error(`expected an explanation of a picture: ${expl.kind}`);
  return expl;
}

async function anyScene(): Promise<string> {
  const listing = await readFile(join(SCENES_FOLDER, 'scenes.json'), 'utf8');
  return join(SCENES_FOLDER, (JSON.parse(listing) as DemoScene[])[0].file);
}
