/** Chooses the reader for a model's bytes by their content; that of TensorFlow.js comes last. */
import { guarded } from '../reading/boundary.js';
import { looksLikeOnnx } from './tabular/onnx/looks-like.js';
import type { LoadedModel } from './loaded.js';
import { withEnding } from './files/ending.js';
import { refuseNoModel, refuseOtherFormats } from './files/other-formats.js';
import { filesInZip, isZip } from './files/zip.js';
import { filesSource, isKeras, type ByteSource } from './tfjs/bytes.js';
import { loadFrom, type LoadModelOptions } from './tfjs/load.js';

/** What `loadModel` does after the files can be read, wherever they are. */
export async function loadAny(
  found: ByteSource,
  options: LoadModelOptions<readonly string[]>,
): Promise<LoadedModel> {
  refuseOtherFormats(found.name);
  const bytes = await guarded('MODEL_LOAD', found.name, () => found.model());
  const source = { ...found, name: await withEnding(found.name, bytes) };
  if (!/\.json$/i.test(source.name)) refuseNoModel(bytes, source.name);
  // a zip called model.json is a mistake, which its own message explains
  if (isZip(bytes) && !isKeras(source.name) && !/\.json$/i.test(source.name)) {
    const inside = filesSource(await filesInZip(bytes, source.name));
    // a model is named after its folder, or after the archive
    const title = inside.title === 'model' ? source.title.replace(/\.zip$/i, '') : inside.title;
    return loadAny({ ...inside, title }, options);
  }
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
  const transformer = looksLikeOnnx(bytes)
    ? await loadTransformerFrom(source, bytes, options, names)
    : undefined;
  if (transformer !== undefined) return transformer;
  refuseTabularOptions({ ...options }, source.name);
  // what was read is given once: its reader may keep it as its own, and a second call reads anew
  let held: Uint8Array | undefined = bytes;
  const model = async (): Promise<Uint8Array> => {
    const given = held;
    if (source.fresh === true) held = undefined;
    return given ?? source.model();
  };
  return loadFrom({ ...source, model }, { ...others, labels: options.labels ?? classNames });
}

/** A folder with a tokenizer holds a model of texts. */
async function loadTransformerFrom(
  source: ByteSource,
  bytes: Uint8Array,
  options: LoadModelOptions<readonly string[]>,
  names: readonly string[] | undefined,
): Promise<LoadedModel | undefined> {
  const { loadTransformer } = await import('./transformer/load.js');
  const { name, examples, maxLength, engine, threads, backend, wasmPaths } = options;
  const loaded = await guarded('MODEL_LOAD', source.name, () =>
    loadTransformer(source, bytes, {
      ...(name !== undefined && { name }),
      ...(names !== undefined && { classNames: names }),
      ...(examples !== undefined && { examples }),
      ...(maxLength !== undefined && { maxLength }),
      engine: { engine, threads, backend, wasmPaths },
    }),
  );
  if (loaded === undefined) return undefined;
  const { refusePictureOptions } = await import('./tabular/load.js');
  try {
    refusePictureOptions({ ...options }, source.name, ['preprocess', 'inputShape', 'featureNames']);
  } catch (error) {
    loaded.dispose();
    throw error;
  }
  return loaded;
}
