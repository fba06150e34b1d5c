/** A graph model from its topology and its weights. */
import * as converter from '@tensorflow/tfjs-converter';
import { tidy, type io } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { ByteSource } from './bytes.js';
import { requireFinite } from './finite-weights.js';
import { readWeights, type ModelFileContent } from './manifest.js';

export async function loadGraph(
  content: ModelFileContent,
  source: ByteSource,
): Promise<converter.GraphModel> {
  const { specs, data } = await readWeights(source, content.manifest);
  const { signature, userDefinedMetadata, modelInitializer, initializerSignature } =
    content.json as Partial<io.ModelArtifacts>;
  requireFinite(specs, data, { file: source.name, isGraph: true });
  try {
    const artifacts: io.ModelArtifacts = {
      modelTopology: { versions: {}, ...content.topology },
      weightSpecs: specs,
      weightData: data,
      format: 'graph-model',
      ...(signature === undefined ? {} : { signature }),
      ...(userDefinedMetadata === undefined ? {} : { userDefinedMetadata }),
      ...(modelInitializer === undefined ? {} : { modelInitializer }),
      ...(initializerSignature === undefined ? {} : { initializerSignature }),
    };
    const model = new converter.GraphModel({ load: () => Promise.resolve(artifacts) });
    // weights of a graph that cannot be built are freed when the scope ends
    tidy(() => {
      model.loadSync(artifacts);
      return Object.values(model.weights).flat();
    });
    return model;
  } catch (cause) {
    throw new WhylensError(
      'MODEL_LOAD',
      `TensorFlow.js cannot build the graph in ${source.name}: ${(cause as Error).message.split('\n')[0]}`,
      { cause, facts: { file: source.name } },
    );
  }
}
