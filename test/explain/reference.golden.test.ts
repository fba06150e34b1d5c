/** The main way on a real network, from files to maps, against the frozen numbers of other libraries. */
import test, { type ExecutionContext } from 'ava';
import {
  explainPrediction,
  loadImage,
  loadModel,
  type ImageExplanation,
  type LoadedModel,
} from 'whylens';
import { closeTo, mapOf, relativeError } from '../helpers/close.js';
import { graphOf } from '../helpers/layers-to-graph.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { golden, nativeLayers } from '../helpers/mobilenet.js';
import { sharedFile } from '../helpers/shared.js';
import { tf } from '../helpers/tfjs.js';

const FOLDER = 'mobilenet_v1_0.25_224';
const TOLERANCE = 1e-3;

const CASES = [
  { picture: 'cat_dog', target: 282, layer: 'conv_pw_13_relu' },
  { picture: 'cat_dog', target: 243, layer: 'conv_pw_13_relu' },
  { picture: 'cat_dog', target: 282, layer: 'conv_pw_11_relu' },
  { picture: 'elephants', target: 386, layer: 'conv_pw_5_relu' },
] as const;

interface Reference {
  readonly logit: number;
  readonly proba: number;
  readonly maps: { readonly 'grad-cam': { readonly values: number[][] } };
}

interface Eli5 {
  readonly explanations: readonly {
    readonly modelEnd: 'softmax' | 'logits';
    readonly targets: readonly number[] | null;
    readonly layerUsed: string;
    readonly target: number;
    readonly score: number;
    readonly heatmapShape: readonly number[];
    readonly rawBeforeReluAndScale: number[][];
  }[];
}

async function mobilenetFiles(t: ExecutionContext, backend: string) {
  const path = sharedFile(t, 'models', FOLDER, 'model.json');
  return path === undefined ? undefined : loadModel(path, { preprocess: 'tf', backend });
}

const pictureOf = (t: ExecutionContext, name: string) =>
  loadImage(sharedFile(t, 'golden', FOLDER, `${name}.png`)!);

async function asReference(t: ExecutionContext, model: LoadedModel): Promise<void> {
  for (const { picture, target, layer } of CASES) {
    const expected = (await golden(t, FOLDER, `${picture}_${target}_${layer}.json`)) as Reference;
    const doc = await pictureOf(t, picture);
    const expl = (await explainPrediction(model, doc, {
      targets: [target],
      layer,
    })) as ImageExplanation;
    const [{ score, proba, heatmap }] = expl.targets;
    const off = Math.abs(score - expected.logit) / Math.abs(expected.logit);
    t.true(off < TOLERANCE, `logit ${score}, ${expected.logit}`);
    t.true(Math.abs(proba! - expected.proba) < TOLERANCE * expected.proba, `probability ${proba}`);
    closeTo(t, heatmap, mapOf(expected.maps['grad-cam'].values), TOLERANCE, `${picture} ${layer}`);
  }
}

for (const backend of ['wasm', 'cpu']) {
  test.serial(`layers on ${backend}: logits, probabilities and Grad-CAM maps`, async (t) => {
    const model = await mobilenetFiles(t, backend);
    if (model === undefined) return;
    t.is(model.backend, backend);
    await asReference(t, model);
    model.dispose();
  });

  test.serial(`the same network as a graph file on ${backend}`, async (t) => {
    const path = sharedFile(t, 'models', 'mobilenet_v1_0.25_224', 'model.json');
    if (path === undefined) return;
    await selectBackend(backend);
    const layers = await nativeLayers(path);
    const files = graphOf(layers).files();
    layers.dispose();
    const before = tf.memory().numTensors;
    const model = await loadModel(files, { preprocess: 'tf', backend });
    await asReference(t, model);
    model.dispose();
    t.is(tf.memory().numTensors, before);
  });

  test.serial(`score 'output' on ${backend} is what ELI5 differentiates`, async (t) => {
    const model = await mobilenetFiles(t, backend);
    if (model === undefined) return;
    let compared = 0;
    for (const picture of ['cat_dog', 'elephants']) {
      const { explanations } = (await golden(t, 'peers/eli5', `${picture}.json`)) as Eli5;
      const doc = await pictureOf(t, picture);
      for (const expected of explanations) {
        // its default layer is the 1×1 of the scores, where a map says nothing
        if (expected.heatmapShape[0] === 1) continue;
        const { targets, layerUsed: layer, modelEnd } = expected;
        const expl = (await explainPrediction(model, doc, {
          ...(targets === null ? {} : { targets }),
          layer,
          score: modelEnd === 'softmax' ? 'output' : 'logit',
        })) as ImageExplanation;
        const [{ target, score, heatmap }] = expl.targets;
        t.is(target, expected.target);
        t.true(relativeError([score], [expected.score]).error < TOLERANCE, `score ${score}`);
        const values = mapOf(expected.rawBeforeReluAndScale);
        closeTo(t, heatmap, values, TOLERANCE, `${picture} ${target} ${layer} ${modelEnd}`);
        compared++;
      }
    }
    t.is(compared, 20);
    model.dispose();
  });
}
