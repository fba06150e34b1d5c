/**
 * The weights of a model.json by layer. Its manifest names them by layer and
 * role, with scopes in front (`seq/conv/kernel`), a layer's name twice, or
 * numbers instead of roles (`conv/vars/0`).
 */
import { nearestNames } from '../../../did-you-mean.js';
import { WhylensError } from '../../../errors.js';
import type { Weight } from '../../graph/primitives.js';
import { sizeOf } from '../../graph/build.js';
import { isNetwork, networkOf, type LayerConfig } from './config.js';
import { byLayerName, isByPlace } from './places.js';
import { LayerWeights, type Entry, type WeightStore } from './weights.js';

export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly read: () => Weight;
}

interface Leaf {
  /** Names of the nested models and the layer. */
  readonly path: readonly string[];
  readonly items: Item[];
}

/** A weight of a layer: what its name says behind the layer's. */
interface Item {
  readonly rest: readonly string[];
  readonly read: () => Weight;
}

/** Written by Keras, read by nobody. */
const IGNORED = /(^|\/)(count|seed_generator_state|seed_generator\/.*)$/;

export class ManifestStore implements WeightStore {
  private readonly leaves: readonly Leaf[];
  private readonly strangers: string[] = [];
  private readonly largest: number;

  constructor(
    layers: readonly LayerConfig[],
    weights: readonly NamedWeight[],
    private readonly file: string,
  ) {
    this.leaves = leavesOf(layers, [], file);
    this.largest = weights.reduce((most, { shape }) => Math.max(most, sizeOf(shape)), 0);
    const counted = weights.every(({ name }) => isByPlace(name));
    const names = new Set(this.leaves.flatMap(({ path }) => path));
    for (const { name, read } of weights) {
      const own = counted ? byLayerName(name, layers, file) : name;
      if (!this.put(own.replace(/:\d+$/, '').split('/'), names, read) && !IGNORED.test(name)) {
        this.strangers.push(name);
      }
    }
  }

  of(layer: LayerConfig): LayerWeights {
    return this.inside([]).of(layer);
  }

  within(layer: LayerConfig): WeightStore {
    return this.inside([layer.name]);
  }

  /** @throws WhylensError `MODEL_LOAD` for weights that belong to no layer */
  requireAllPlaced(): void {
    if (this.strangers.length > 0) throw this.unfit([]);
  }

  private inside(prefix: readonly string[]): WeightStore {
    return {
      of: ({ name }) => {
        const path = [...prefix, name];
        const leaf = this.leaves.find((one) => one.path.join('/') === path.join('/'));
        return this.group(`layer '${name}'`, path, leaf?.items ?? []);
      },
      within: ({ name }) => this.inside([...prefix, name]),
    };
  }

  private group(where: string, path: readonly string[], items: readonly Item[]): LayerWeights {
    const isNumbered = items.some(({ rest }) => rest.includes('vars'));
    const own = isNumbered
      ? items
          .filter(({ rest }) => rest.length === 2 && rest[0] === 'vars')
          .sort((a, b) => Number(a.rest[1]) - Number(b.rest[1]))
      : items;
    const entry = ({ rest, read }: Item): Entry => ({ parts: isNumbered ? [] : rest, read });
    return new LayerWeights(
      where,
      own.map(entry),
      (names) => {
        const inside = items.filter(({ rest }) =>
          isNumbered
            ? names.includes(rest[0])
            : rest.slice(0, -1).some((part) => names.includes(part)),
        );
        const shorter = isNumbered
          ? inside.map(({ rest, read }) => ({ rest: rest.slice(1), read }))
          : inside;
        return inside.length === 0
          ? undefined
          : this.group(`${where}/${names[0]}`, [...path, names[0]], shorter);
      },
      () => items.map(entry),
      {
        path: path.join('/'),
        largest: this.largest,
        missing: (role) => this.unfit([[...path, role].join('/')]),
      },
    );
  }

  /** To the layer whose name agrees best, from the inside out; of those alike to the first that lacks it. */
  private put(tokens: readonly string[], names: ReadonlySet<string>, read: () => Weight): boolean {
    const plain = tokens.map((token) => (names.has(token) ? token : token.replace(/^_(?=\w)/, '')));
    const at = plain.findLastIndex((token, i) => names.has(token) && i < plain.length - 1);
    if (at === -1) return false;
    const path = plain
      .slice(0, at + 1)
      .filter((token, i, all) => names.has(token) && token !== all[i + 1]);
    const rest = plain.slice(at + 1);
    const key = rest.join('/');
    let best: Leaf | undefined;
    let score = 0;
    for (const leaf of this.leaves) {
      const lacks = !leaf.items.some((item) => item.rest.join('/') === key);
      const agreement = sharedEnd(leaf.path, path);
      const value = agreement === 0 ? 0 : agreement + (lacks ? 0.5 : 0);
      if (value > score) [best, score] = [leaf, value];
    }
    best?.items.push({ rest, read });
    return best !== undefined;
  }

  private unfit(unset: readonly string[]): WhylensError {
    const { strangers } = this;
    const [nearest] = unset.length === 0 ? [] : nearestNames(unset[0], strangers, 1);
    const near = nearest === undefined ? '' : `; the nearest to '${unset[0]}' is '${nearest}'`;
    return new WhylensError(
      'MODEL_LOAD',
      `the weights of ${this.file} do not fit its topology: ${countOf(unset)} without value${list(unset)}, ${countOf(strangers)} without place${list(strangers)}${near}. Convert the model again with tensorflowjs_converter`,
      { facts: { unset: [...unset], strangers: [...strangers] } },
    );
  }
}

function leavesOf(layers: readonly LayerConfig[], prefix: readonly string[], file: string): Leaf[] {
  return layers.flatMap((layer): Leaf[] => {
    const path = [...prefix, layer.name];
    if (!isNetwork(layer)) return [{ path, items: [] }];
    const inner = networkOf({ class_name: layer.className, config: layer.config }, file);
    return leavesOf(inner.layers, path, file);
  });
}

/** How many names agree, from the last one back. */
function sharedEnd(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  const most = Math.min(a.length, b.length);
  while (count < most && a[a.length - 1 - count] === b[b.length - 1 - count]) count++;
  return count;
}

const countOf = (names: readonly string[]): string =>
  `${names.length} weight${names.length === 1 ? '' : 's'}`;

function list(names: readonly string[]): string {
  if (names.length === 0) return '';
  return ` (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`;
}
