/** A sequential layers model as the files that Keras writes: `.h5` of Keras 2, `.keras` of Keras 3. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { zipSync } from 'fflate';
import { textBytes, type NamedBytes } from './model-files.js';

interface Group {
  create_group(name: string): Group;
  create_dataset(of: { name: string; data: Float32Array; shape: number[] }): unknown;
  create_attribute(name: string, value: unknown): void;
}

/** An HDF5 file written by the library that reads them. */
async function written(fill: (file: Group) => void): Promise<Uint8Array> {
  const { default: h5wasm } = await import('h5wasm/node');
  await h5wasm.ready;
  const folder = mkdtempSync(join(tmpdir(), 'whylens-h5-'));
  try {
    const path = join(folder, 'made.h5');
    const file = new h5wasm.File(path, 'w');
    fill(file as unknown as Group);
    file.flush();
    file.close();
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const topology = (model: LayersModel): { class_name: string; config: unknown } => ({
  class_name: model.getClassName(),
  config: (model.toJSON(null, false) as { config: unknown }).config,
});

export async function asH5(model: LayersModel): Promise<NamedBytes> {
  const bytes = await written((file) => {
    file.create_attribute('model_config', JSON.stringify(topology(model)));
    file.create_attribute('keras_version', '2.15.0');
    const root = file.create_group('model_weights');
    root.create_attribute(
      'layer_names',
      model.layers.map(({ name }) => name),
    );
    for (const layer of model.layers) {
      const group = root.create_group(layer.name);
      if (layer.weights.length === 0) continue;
      // `conv/kernel:0` lies in a group `conv` of the layer's group
      const inner = group.create_group(layer.name);
      const names = layer.weights.map((weight) => `${weight.originalName.split('/').pop()!}:0`);
      group.create_attribute(
        'weight_names',
        names.map((name) => `${layer.name}/${name}`),
      );
      layer.weights.forEach((weight, i) => {
        const data = weight.read().dataSync() as Float32Array;
        inner.create_dataset({ name: names[i], data, shape: weight.shape as number[] });
      });
    }
  });
  return { name: 'model.h5', bytes };
}

/** The layout of Keras 3: layers numbered by class, their variables by order. */
export async function asKeras(model: LayersModel): Promise<NamedBytes> {
  const counts = new Map<string, number>();
  const weights = await written((file) => {
    const root = file.create_group('layers');
    for (const layer of model.layers) {
      const kind = layer
        .getClassName()
        .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
        .replace(/([a-z])([A-Z])/g, '$1_$2')
        .toLowerCase();
      const seen = counts.get(kind) ?? 0;
      counts.set(kind, seen + 1);
      const vars = root.create_group(seen === 0 ? kind : `${kind}_${seen}`).create_group('vars');
      layer.weights.forEach((weight, i) => {
        const data = weight.read().dataSync() as Float32Array;
        vars.create_dataset({ name: String(i), data, shape: weight.shape as number[] });
      });
    }
  });
  const bytes = zipSync({
    'metadata.json': textBytes(JSON.stringify({ keras_version: '2.15.0' })),
    'config.json': textBytes(JSON.stringify(topology(model))),
    'model.weights.h5': weights,
  });
  return { name: 'model.keras', bytes };
}
