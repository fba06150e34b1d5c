/** Writes a layers model as `model.json`, `weights.bin` and `labels.json`. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { CLASSES } from './classes.js';

export async function saveModel(model: LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    // a run that is stopped half way leaves the last whole file
    await writeFile(join(folder, `${name}.part`), content);
    await rename(join(folder, `${name}.part`), join(folder, name));
  };
  await model.save(
    io.withSaveHandler(async ({ modelTopology, weightData, weightSpecs }) => {
      const weights = new Uint8Array(
        io.concatenateArrayBuffers([weightData].flat() as ArrayBuffer[]),
      );
      await write('weights.bin', weights);
      const topology = {
        format: 'layers-model',
        userDefinedMetadata: { preprocess: 'tf' },
        modelTopology,
        weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
      };
      await write('model.json', `${JSON.stringify(topology)}\n`);
      await write('labels.json', `${JSON.stringify(CLASSES.map(({ name }) => name))}\n`);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
}
