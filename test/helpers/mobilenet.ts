/** The reference network and its pictures, for tests against frozen numbers of other libraries. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ExecutionContext } from 'ava';
import { PNG } from 'pngjs';
import type { NdArray } from '../../src/explanation.js';
import type { ExplainableModel } from '../../src/model/interface.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { TfjsLayersAdapter } from '../../src/model/tfjs/layers-adapter.js';
import { sharedFile } from './shared.js';

const loaded = new Map<string, Promise<ExplainableModel>>();

/** MobileNet V1 0.25 on a backend, or undefined after saying that nothing is checked. */
export async function mobilenet(
  t: ExecutionContext,
  backend = 'wasm',
): Promise<ExplainableModel | undefined> {
  const path = sharedFile(t, 'models', 'mobilenet_v1_0.25_224', 'model.json');
  if (path === undefined) return undefined;
  if (!loaded.has(backend)) loaded.set(backend, load(path, backend));
  return loaded.get(backend)!;
}

/** A reference picture as the network eats it: `[1, 224, 224, 3]`, x / 127.5 − 1. */
export async function mobilenetInput(t: ExecutionContext, name: string): Promise<NdArray> {
  const path = sharedFile(t, 'golden', 'mobilenet_v1_0.25_224', `${name}.png`)!;
  const { width, height, data } = PNG.sync.read(await readFile(path));
  const values = new Float32Array(width * height * 3);
  for (let i = 0; i < values.length; i++) {
    values[i] = data[Math.floor(i / 3) * 4 + (i % 3)] / 127.5 - 1;
  }
  return { shape: [1, height, width, 3], data: values };
}

/** A golden file, parsed. */
export async function golden(t: ExecutionContext, ...parts: readonly string[]): Promise<unknown> {
  return JSON.parse(await readFile(sharedFile(t, 'golden', ...parts)!, 'utf8'));
}

async function load(path: string, backend: string): Promise<ExplainableModel> {
  await selectBackend(backend);
  return new TfjsLayersAdapter().adapt(await nativeLayers(path), { name: 'mobilenet' });
}

/** A layers model file as TensorFlow.js itself loads it. */
export async function nativeLayers(path: string): Promise<LayersModel> {
  const tfl = await import('@tensorflow/tfjs-layers');
  const { modelTopology, weightsManifest, format } = JSON.parse(await readFile(path, 'utf8')) as {
    modelTopology: object;
    format: string;
    weightsManifest: { paths: string[]; weights: never[] }[];
  };
  const files = weightsManifest.flatMap(({ paths }) => paths);
  const shards = await Promise.all(files.map((file) => readFile(join(dirname(path), file))));
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  return tfl.loadLayersModel({
    load: () => Promise.resolve({ modelTopology, format, weightSpecs, weightData }),
  });
}
