/** Small saved models as the files that tensorflowjs writes. */
import type { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

export interface NamedBytes {
  name: string;
  bytes: Uint8Array;
}

/** `model.json` and its weights in shards of `shardBytes`. */
export async function savedFiles(model: LayersModel, shardBytes = 1 << 22): Promise<NamedBytes[]> {
  let saved: io.ModelArtifacts | undefined;
  await model.save({
    save: async (artifacts: io.ModelArtifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  const data = new Uint8Array(saved!.weightData as ArrayBuffer);
  return modelFiles(saved!.modelTopology, saved!.weightSpecs!, data, {}, shardBytes);
}

/** Any topology with any weights. */
export function modelFiles(
  modelTopology: unknown,
  weights: readonly io.WeightsManifestEntry[],
  data: Uint8Array,
  more: Record<string, unknown> = {},
  shardBytes = 1 << 22,
): NamedBytes[] {
  const shards: NamedBytes[] = [];
  const count = Math.max(1, Math.ceil(data.length / shardBytes));
  for (let i = 0; i < count; i++) {
    const bytes = data.slice(i * shardBytes, (i + 1) * shardBytes);
    shards.push({ name: `group1-shard${i + 1}of${count}.bin`, bytes });
  }
  const paths = shards.map(({ name }) => name);
  const json = { modelTopology, weightsManifest: [{ paths, weights }], ...more };
  return [{ name: 'model.json', bytes: textBytes(JSON.stringify(json)) }, ...shards];
}

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The files with one replaced, or left out where `bytes` is undefined. */
export function withFile(
  files: readonly NamedBytes[],
  name: string,
  bytes: Uint8Array | undefined,
): NamedBytes[] {
  return files.flatMap((file) =>
    file.name !== name ? [file] : bytes === undefined ? [] : [{ name, bytes }],
  );
}
