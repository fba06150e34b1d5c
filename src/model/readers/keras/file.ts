/** From the bytes of a `.keras` or `.h5` file to a graph. */
import { WhylensError } from '../../../errors.js';
import { isH5 } from '../../files/ending.js';
import { openH5 } from '../../files/h5.js';
import { parseConfig, readKerasArchive } from '../../files/keras-archive.js';
import { isZip } from '../../files/zip.js';
import type { ModelGraph } from '../../graph/model-graph.js';
import { readKeras, type KerasOptions } from './read.js';
import { storeOf } from './weights.js';

/** What the first bytes say: a zip, an HDF5 file, or neither. */
function kerasKind(bytes: Uint8Array): 'keras' | 'h5' | undefined {
  if (isZip(bytes)) return 'keras';
  return isH5(bytes) ? 'h5' : undefined;
}

/**
 * Reads a full model of Keras 3, tf.keras 2 or Keras 2: `.keras`, or `.h5`.
 *
 * @throws WhylensError `MODEL_LOAD` for damaged files and files of weights alone,
 *   `UNSUPPORTED_MODEL` and `UNSUPPORTED_OPERATION` for layers that are not understood
 */
export async function readKerasFile(
  bytes: Uint8Array,
  name: string,
  { signal, ...options }: KerasOptions & { readonly signal?: AbortSignal } = {},
): Promise<ModelGraph> {
  const kind = kerasKind(bytes);
  if (kind === undefined) {
    throw new WhylensError('MODEL_LOAD', `'${name}' is neither a .keras file (a zip) nor HDF5`, {
      facts: { file: name },
    });
  }
  const archive = kind === 'keras' ? await readKerasArchive(bytes, name) : undefined;
  const file = await openH5(archive?.weights ?? bytes, name, { signal });
  const text = archive === undefined ? file.text('/', 'model_config') : undefined;
  if (archive === undefined && text === undefined) throw weightsAlone(name);
  const model = archive?.config ?? parseConfig(text!, name);
  return readKeras(
    {
      model,
      keras: majorOf(model, file.text('/', 'keras_version')),
      file: name,
      store: (layers) => storeOf(file, layers, name),
    },
    options,
  );
}

function weightsAlone(name: string): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `'${name}' holds weights and no model: it does not say to which layers they belong. Save the whole model: model.save('name.keras')`,
    { facts: { file: name } },
  );
}

/** Keras 3 writes calls as objects and names the package of each class. */
function majorOf(model: unknown, version: string | undefined): 2 | 3 {
  if (version !== undefined) return version.startsWith('3') ? 3 : 2;
  return JSON.stringify(model).includes('"__keras_tensor__"') ||
    JSON.stringify(model).includes('"keras.src')
    ? 3
    : 2;
}
