/**
 * Where a Keras file keeps the weights of a layer. Three layouts: the legacy
 * `.h5` (by layer name, each array with a name), and two of `model.weights.h5`
 * (by class and order, arrays numbered). A layer asks by role and does not know the layout.
 */
import { WhylensError } from '../../../errors.js';
import type { H5File } from '../../files/h5.js';
import { constant } from '../../graph/build.js';
import type { Weight } from '../../graph/primitives.js';
import type { Value } from '../../graph/value.js';
import { isOperation, type LayerConfig } from './config.js';

/** One array of a layer: with its name's parts in the legacy layout, in order in the others. */
export interface Entry {
  readonly parts: readonly string[];
  readonly read: () => Weight;
}

/** What a store knows beyond the arrays. */
interface About {
  /** The layer's name in names of weights. */
  readonly path: string;
  /** Numbers that the largest weight of the file has. */
  readonly largest: number;
  /** The error for a role that has no array. */
  readonly missing: (role: string) => WhylensError;
}

/** Of one layer. */
export class LayerWeights {
  /** What was asked for, for drawing anew and counting. */
  readonly taken: Value<'constant'>[] = [];

  constructor(
    private readonly where: string,
    private readonly entries: readonly Entry[],
    private readonly inner: (names: readonly string[]) => LayerWeights | undefined,
    /** With those of layers inside; read when they are asked for. */
    private readonly deep: () => readonly Entry[] = () => entries,
    private readonly about?: About,
  ) {}

  get count(): number {
    return this.entries.length;
  }

  /**
   * The arrays of these roles, in the order in which Keras numbers them; a role
   * that is `false` is one that this layer does not have. `a|b` are names of the
   * same role in different versions.
   */
  as(...roles: readonly (string | false)[]): (Value<'constant'> | undefined)[] {
    const present = roles.filter((role): role is string => role !== false);
    const named = this.entries.some(({ parts }) => parts.length > 0);
    const found = new Map(
      present.map((role, i) => {
        const entry = named
          ? this.entries.find(({ parts }) => role.split('|').includes(parts[parts.length - 1]))
          : this.entries[i];
        if (entry === undefined) {
          if (this.about !== undefined) throw this.about.missing(role.split('|')[0]);
          throw new WhylensError(
            'MODEL_LOAD',
            `the weights of ${this.where} are incomplete: '${role.split('|')[0]}' is missing${this.entries.length === 0 ? ' (none are in the file)' : ''}`,
          );
        }
        const value = constant(entry.read());
        this.taken.push(value);
        return [role, value];
      }),
    );
    return roles.map((role) => (role === false ? undefined : found.get(role)));
  }

  /**
   * Compares an array with what the layer's settings say; axes that they leave open are undefined.
   *
   * @throws WhylensError `MODEL_LOAD`
   */
  requireShape(role: string, weight: Value, wanted: readonly (number | undefined)[]): void {
    const { shape } = weight;
    const fits =
      shape.length === wanted.length && wanted.every((n, i) => n === undefined || n === shape[i]);
    if (fits) return;
    const name = this.about === undefined ? role : `${this.about.path}/${role}`;
    const told = wanted.map((n) => n ?? 'any').join(', ');
    const largest =
      this.about === undefined
        ? ''
        : `; the largest weight of the file has ${this.about.largest} values`;
    throw new WhylensError(
      'MODEL_LOAD',
      `${this.where} needs its weight '${name}' in shape [${told}] as its settings say, got [${shape.join(', ')}]${largest}`,
      { facts: { weight: name, expected: wanted, got: shape } },
    );
  }

  /** All arrays in order, its own before those of layers inside, for layers that are not Keras' own. */
  all(): { readonly name: string; readonly value: Value<'constant'> }[] {
    return this.deep().map(({ parts, read }, i) => {
      const value = constant(read());
      this.taken.push(value);
      return { name: parts.length === 0 ? String(i) : parts.join('/'), value };
    });
  }

  /** Those of a layer inside this one, by any of its names. */
  sub(...names: readonly string[]): LayerWeights {
    const found = this.inner(names);
    if (found !== undefined) return found;
    return new LayerWeights(`${this.where}/${names[0]}`, [], () => undefined);
  }
}

/** The weights of the layers of one container. */
export interface WeightStore {
  of(layer: LayerConfig): LayerWeights;
  /** The store of a nested model. */
  within(layer: LayerConfig, inner: readonly LayerConfig[]): WeightStore;
}

/** @throws WhylensError `MODEL_LOAD` if the file has none of the known layouts */
export function storeOf(file: H5File, layers: readonly LayerConfig[], name: string): WeightStore {
  const roots = file.keys('/');
  for (const root of ['layers', '_layer_checkpoint_dependencies']) {
    if (roots.includes(root)) return numbered(file, '', root, layers);
  }
  const legacy = roots.includes('model_weights') ? '/model_weights' : '/';
  if (file.texts(legacy, 'layer_names') !== undefined) return named(file, legacy);
  throw new WhylensError(
    'MODEL_LOAD',
    `'${name}' holds no weights in a layout of Keras; found ${roots.join(', ') || 'nothing'}`,
  );
}

/** `conv2d`, `re_lu`, `global_average_pooling1d`: what Keras makes of a class name. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** Which place each layer of a container has by class and order, as `conv2d_1` for the second Conv2D. */
export function placesOf(layers: readonly LayerConfig[]): Map<string, string> {
  const counts = new Map<string, number>();
  const places = new Map<string, string>();
  for (const layer of layers) {
    if (isOperation(layer)) continue;
    const kind = snakeCase(layer.className);
    const seen = counts.get(kind) ?? 0;
    counts.set(kind, seen + 1);
    places.set(layer.name, seen === 0 ? kind : `${kind}_${seen}`);
  }
  return places;
}

/** By class and order: each container counts its own. */
function numbered(
  file: H5File,
  base: string,
  root: string,
  layers: readonly LayerConfig[],
): WeightStore {
  const places = placesOf(layers);
  const groupOf = ({ name }: LayerConfig): string => `${base}/${root}/${places.get(name) ?? ''}`;
  return {
    of: (layer) => group(file, groupOf(layer), `layer '${layer.name}'`),
    within: (layer, inner) => numbered(file, groupOf(layer), root, inner),
  };
}

function group(file: H5File, path: string, where: string): LayerWeights {
  return new LayerWeights(
    where,
    arraysIn(file, path),
    (names) => {
      const there = file.keys(path);
      const name = names.find((one) => there.includes(one));
      return name === undefined ? undefined : group(file, `${path}/${name}`, `${where}/${name}`);
    },
    () => deepArrays(file, path),
  );
}

function arraysIn(file: H5File, path: string): Entry[] {
  const vars = `${path}/vars`;
  return file
    .keys(vars)
    .filter((key) => file.isArray(`${vars}/${key}`))
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => ({ parts: [], read: () => file.array(`${vars}/${key}`) }));
}

function deepArrays(file: H5File, path: string): Entry[] {
  const inside = file.keys(path).filter((key) => key !== 'vars');
  return [...arraysIn(file, path), ...inside.flatMap((key) => deepArrays(file, `${path}/${key}`))];
}

/** By layer name; the arrays of a nested model all lie in its one group, with the inner layer's name in front. */
function named(file: H5File, root: string): WeightStore {
  const entriesOf = (layer: string): Entry[] =>
    (file.texts(`${root}/${layer}`, 'weight_names') ?? []).map((name) => ({
      parts: name.replace(/:\d+$/, '').split('/'),
      read: () => file.array(`${root}/${layer}/${name}`),
    }));
  const store = (entriesFor: (name: string) => readonly Entry[]): WeightStore => ({
    of: (layer) => fromEntries(`layer '${layer.name}'`, entriesFor(layer.name)),
    within: (layer, inner) => {
      const all = entriesFor(layer.name);
      return store(byInnerLayer(all, inner));
    },
  });
  return store(entriesOf);
}

/**
 * Keras 2 names an array after the layer as it was built, which a later rename
 * does not change: by name if the names agree, else in the order of the layers.
 */
function byInnerLayer(
  all: readonly Entry[],
  inner: readonly LayerConfig[],
): (name: string) => readonly Entry[] {
  const names = new Set(inner.map(({ name }) => name));
  return (name) =>
    all.filter(({ parts }) => {
      const owner = parts.slice(0, -1).find((part) => names.has(part));
      return owner === name;
    });
}

function fromEntries(where: string, entries: readonly Entry[]): LayerWeights {
  return new LayerWeights(where, entries, (names) => {
    const inside = entries.filter(({ parts }) =>
      parts.slice(0, -1).some((part) => names.includes(part)),
    );
    return inside.length === 0 ? undefined : fromEntries(`${where}/${names[0]}`, inside);
  });
}
