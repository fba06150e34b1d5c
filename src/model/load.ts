/** Which reader a model's bytes are for, told by their content; TensorFlow.js' comes last. */
import { guarded } from '../reading/boundary.js';
import type { LoadedModel } from './loaded.js';
import type { ByteSource } from './tfjs/bytes.js';
import { loadFrom, type LoadModelOptions } from './tfjs/load.js';

/** What `loadModel` does once the files can be read, wherever they lie. */
export async function loadAny(
  source: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  const bytes = await guarded('MODEL_LOAD', source.name, () => source.model());
  const { featureNames, classNames, examples, ...others } = options;
  const { loadTabular, refusePictureOptions, refuseTabularOptions } =
    await import('./tabular/load.js');
  const names = classNames ?? options.labels;
  const tabular = await guarded('MODEL_LOAD', source.name, () =>
    loadTabular(bytes, source.name, {
      ...(options.name !== undefined && { name: options.name }),
      ...(featureNames !== undefined && { featureNames }),
      ...(names !== undefined && { classNames: names }),
      ...(examples !== undefined && { examples }),
    }),
  );
  if (tabular !== undefined) {
    refusePictureOptions({ ...options }, source.name);
    return tabular;
  }
  refuseTabularOptions({ ...options }, source.name);
  return loadFrom(
    { ...source, model: () => Promise.resolve(bytes) },
    { ...others, labels: options.labels ?? classNames },
  );
}
