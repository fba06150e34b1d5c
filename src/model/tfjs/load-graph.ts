/** A graph model from its topology and its weights. */
import * as converter from '@tensorflow/tfjs-converter';
import { io } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { ByteSource } from './bytes.js';
import { readWeights, type ModelFileContent } from './manifest.js';

export async function loadGraph(
  content: ModelFileContent,
  source: ByteSource,
): Promise<converter.GraphModel> {
  const { specs, data } = await readWeights(source, content.manifest);
  const { signature, userDefinedMetadata, modelInitializer, initializerSignature } =
    content.json as Partial<io.ModelArtifacts>;
  try {
    return await converter.loadGraphModel(
      io.fromMemory({
        modelTopology: { versions: {}, ...content.topology },
        weightSpecs: specs,
        weightData: data,
        format: 'graph-model',
        ...(signature === undefined ? {} : { signature }),
        ...(userDefinedMetadata === undefined ? {} : { userDefinedMetadata }),
        ...(modelInitializer === undefined ? {} : { modelInitializer }),
        ...(initializerSignature === undefined ? {} : { initializerSignature }),
      }),
    );
  } catch (cause) {
    throw new WhylensError(
      'MODEL_LOAD',
      `TensorFlow.js cannot build the graph in ${source.name}: ${(cause as Error).message.split('\n')[0]}`,
      { cause, facts: { file: source.name } },
    );
  }
}
