/** The network that is timed: MobileNet beside the project, else the demo's own. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { loadImage, loadModel, type LoadedModel, type Picture } from '../src/index.js';

export interface Network {
  readonly name: string;
  readonly model: LoadedModel;
  readonly picture: Picture;
  readonly pictureFile: string;
  readonly modelFile: string;
  readonly labelsFile: string;
  readonly target: number;
  readonly middleLayer: string;
  readonly lastLayer: string;
}

export async function openNetwork(backend: string): Promise<Network> {
  const shared = process.env.WHYLENS_SHARED ?? resolve('..', 'shared');
  const folder = join(shared, 'models', 'mobilenet_v1_0.25_224');
  if (existsSync(folder)) {
    const modelFile = join(folder, 'model.json');
    const labelsFile = join(shared, 'models', 'imagenet_labels.json');
    const pictureFile = join(shared, 'golden', 'mobilenet_v1_0.25_224', 'cat_dog.png');
    return {
      name: 'MobileNet V1 0.25',
      model: await loadModel(modelFile, { labels: labelsFile, preprocess: 'tf', backend }),
      picture: await loadImage(pictureFile),
      pictureFile,
      modelFile,
      labelsFile,
      target: 282,
      middleLayer: 'conv_pw_5_relu',
      lastLayer: 'conv_pw_13_relu',
    };
  }
  console.log(
    `MobileNet is not at ${folder} (set WHYLENS_SHARED): timing the demo network instead`,
  );
  const modelFile = 'demo/model/model.json';
  const labelsFile = 'demo/model/labels.json';
  const pictureFile = 'demo/scenes/banana-and-dog.png';
  const model = await loadModel(modelFile, { labels: labelsFile, backend });
  const { exposeModel } = await import('../src/index.js');
  const { description, layers } = await exposeModel(model);
  const spatial = description.layers.filter(
    ({ shape, inputs }) => shape.length === 3 && inputs.length > 0,
  );
  return {
    name: 'the demo network',
    model,
    picture: await loadImage(pictureFile),
    pictureFile,
    modelFile,
    labelsFile,
    target: 0,
    middleLayer: spatial[Math.floor(spatial.length / 2)].path,
    lastLayer: layers[0],
  };
}

/** The same network as TensorFlow.js itself loads it. */
export async function nativeNetwork(file: string): Promise<LayersModel> {
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  const { modelTopology, weightsManifest, format } = JSON.parse(await readFile(file, 'utf8')) as {
    modelTopology: object;
    format: string;
    weightsManifest: { paths: string[]; weights: never[] }[];
  };
  const names = weightsManifest.flatMap(({ paths }) => paths);
  const shards = await Promise.all(names.map((name) => readFile(join(dirname(file), name))));
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  return loadLayersModel({
    load: () => Promise.resolve({ modelTopology, format, weightSpecs, weightData }),
  });
}
