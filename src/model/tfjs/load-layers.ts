/** A layers model from its topology and its weights. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { didYouMean } from '../../did-you-mean.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import { registerKerasClasses } from './keras-classes.js';
import { assignWeights } from './assign-weights.js';
import type { ByteSource } from './bytes.js';
import { normalizeTopology, type LayerJson, type ModelJson } from './keras-topology.js';
import { networkOf } from '../readers/keras/config.js';
import { byLayerName, isByPlace } from '../readers/keras/places.js';
import { requireFinite } from './finite-weights.js';
import { withinWeights } from './within-weights.js';
import { readWeights, type ModelFileContent } from './manifest.js';

/** Builds the model; frees what it made if the weights do not fit. */
export async function loadLayers(
  content: ModelFileContent,
  source: ByteSource,
): Promise<layers.LayersModel> {
  registerKerasClasses();
  const topology = normalizeTopology(content.topology, source.name);
  requireKnownClasses(topology, source.name);
  const { specs, data } = await readWeights(source, content.manifest);
  requireFinite(specs, data, { file: source.name, isGraph: false });
  // variables of this model alone: others may be loaded at the same time
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  let mine: tf.Variable[] = [];
  try {
    let building: Promise<layers.LayersModel>;
    try {
      building = withinWeights(specs, source.name, () =>
        layers.models.modelFromJSON({ modelTopology: topology as never }),
      );
    } finally {
      mine = Object.entries(tf.engine().registeredVariables).flatMap(([name, variable]) =>
        before.has(name) ? [] : [variable],
      );
    }
    const model = await building;
    const wanted = specs.filter(({ group }) => group !== 'optimizer');
    const values = tf.tidy(() => tf.io.decodeWeights(data, specs));
    try {
      const nameOf = layerNames(content.topology, wanted, source.name);
      assignWeights(
        model,
        new Map(wanted.map(({ name }) => [nameOf(name), values[name]])),
        source.name,
      );
    } finally {
      tf.dispose(values);
    }
    return model;
  } catch (cause) {
    // the variables of an incomplete model are freed
    for (const variable of mine) variable.dispose();
    if (isWhylensError(cause)) throw cause;
    throw new WhylensError(
      'MODEL_LOAD',
      `TensorFlow.js cannot build the model in ${source.name}: ${(cause as Error).message.split('\n')[0]}`,
      { cause, facts: { file: source.name } },
    );
  }
}

/** What a file calls a weight, by the layer that it belongs to. */
function layerNames(
  topology: unknown,
  specs: readonly { readonly name: string }[],
  file: string,
): (name: string) => string {
  if (!specs.every(({ name }) => isByPlace(name))) return (name) => name;
  const { model_config: config = topology } = topology as { model_config?: unknown };
  const { layers: listed } = networkOf(config, file);
  return (name) => byLayerName(name, listed, file);
}

/** Layers and activations that tfjs does not know, before it says so in ten lines without the layer's name. */
function requireKnownClasses(model: ModelJson, file: string, prefix = ''): void {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  const wrong = (layer: LayerJson, what: string, name: string): WhylensError =>
    new WhylensError(
      'MODEL_LOAD',
      `layer '${prefix}${layer.name}' in ${file} has the ${what} '${name}', which TensorFlow.js does not know${didYouMean(name, Object.keys(known))} Register your own with tf.serialization.registerClass before loading, or load the .keras or .h5 file that the model was converted from (loadModel, with customLayers for layers of your own)`,
      { facts: { layer: prefix + layer.name, class: name } },
    );
  for (const layer of model.config.layers) {
    const kind = layer.class_name;
    if (Array.isArray(layer.config.layers)) {
      requireKnownClasses(layer as unknown as ModelJson, file, `${prefix}${layer.name}/`);
      continue;
    }
    if (!Object.hasOwn(known, kind)) throw wrong(layer, 'unknown layer class', kind);
    const { activation } = layer.config;
    if (typeof activation !== 'string') continue;
    const camel = activation.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    if (!Object.hasOwn(known, camel)) throw wrong(layer, 'unknown activation', activation);
  }
}
