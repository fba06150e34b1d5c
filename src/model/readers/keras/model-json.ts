/** A layers model of TensorFlow.js as a graph: its topology is a Keras configuration, its manifest the weights. */
import { WhylensError } from '../../../errors.js';
import { parseConfig } from '../../files/keras-archive.js';
import type { ModelGraph } from '../../graph/model-graph.js';
import { openSizes } from '../../graph/open-sizes.js';
import type { Shape } from '../../graph/primitives.js';
import type { Json, LayerConfig } from './config.js';
import { ManifestStore, type NamedWeight } from './manifest.js';
import { readKeras, type KerasOptions } from './read.js';

export interface ModelJson {
  readonly topology: Json;
  readonly weights: readonly NamedWeight[];
  readonly file: string;
}

/** Sizes where the file leaves them open, and others to see what hangs on them. */
const USUAL_SIZE = 224;
const OTHER_SIZE = 288;

/** @throws WhylensError as {@link readKeras} does */
export function readModelJson(source: ModelJson, options: KerasOptions = {}): ModelGraph {
  const first = read(source, { openSize: USUAL_SIZE, ...options });
  if (!first.inputs.some(({ shape }) => shape?.includes(null) === true)) return first;
  return openSizes(first, read(source, { ...options, openSize: OTHER_SIZE }));
}

/** The same at certain sizes. */
export function readModelJsonAt(
  source: ModelJson,
  shapes: readonly Shape[],
  options: KerasOptions = {},
): ModelGraph {
  return read(source, { ...options, shapes });
}

function read({ topology, weights, file }: ModelJson, options: KerasOptions): ModelGraph {
  const model = modelOf(topology, file);
  let outermost: ManifestStore | undefined;
  const graph = readKeras(
    {
      model,
      keras: isKeras3(topology, model) ? 3 : 2,
      file,
      format: 'tfjs-layers',
      store: (layers: readonly LayerConfig[]) =>
        (outermost = new ManifestStore(layers, weights, file)),
    },
    options,
  );
  outermost?.requireAllPlaced();
  return graph;
}

/** The configuration itself, with keys as Keras writes them. */
function modelOf(topology: Json, file: string): Json {
  let model: unknown = topology.model_config ?? topology;
  if (typeof model === 'string') model = parseConfig(model, file);
  const root = ('className' in topology ? snaked(model) : model) as Json | null;
  const config = root?.config as Json | undefined;
  const listed = Array.isArray(config) ? config : config?.layers;
  if (root !== null && typeof root?.class_name === 'string' && Array.isArray(listed)) return root;
  throw new WhylensError(
    'MODEL_LOAD',
    `the topology in ${file} must be a model with 'class_name' and 'config.layers', got ${JSON.stringify(model)?.slice(0, 80)}`,
  );
}

/** Whether TensorFlow.js itself wrote the file: it follows some settings otherwise than Keras. */
export const isOwnWriting = ({ keras_version: version }: Json): boolean =>
  String(version).startsWith('tfjs');

function isKeras3({ keras_version: version }: Json, model: Json): boolean {
  if (version !== undefined) return String(version).startsWith('3');
  const layers = ((model.config as Json | undefined)?.layers ?? []) as (Json | null)[];
  return (
    Array.isArray(layers) &&
    layers.some(
      (layer) =>
        layer !== null &&
        typeof layer === 'object' &&
        ('module' in layer || 'batch_shape' in ((layer.config ?? {}) as Json)),
    )
  );
}

/** tfjs itself writes camelCase keys when asked for an object. */
function snaked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snaked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[a-z0-9][A-Z]/g, (pair) => `${pair[0]}_${pair[1].toLowerCase()}`),
      snaked(inner),
    ]),
  );
}
