/** Shapley values of tree ensembles, exact and fast. */
import { LeafGame, MOST_BITS } from './leaf-game.js';
import { leafPaths, type Decide, type FlatTree, type LeafPath } from './tree.js';

export interface TreeShapOptions {
  readonly features: number;
  readonly outputs: number;
  /**
   * Rows that stand for unknown values (interventional). Left out, unknown
   * splits are averaged by cover (path dependent).
   */
  readonly background?: readonly ArrayLike<number>[];
  /** Interaction values too. Default false. */
  readonly interactions?: boolean;
}

export interface TreeShapValues {
  /** `[rows, features, outputs]`. */
  readonly values: Float64Array;
  /** The value that the values start from, one number for each output, without the model's base score. */
  readonly expected: Float64Array;
  /** `[rows, features, features, outputs]`; each row sums to the feature's value. */
  readonly interactions?: Float64Array;
}

/**
 * Tree SHAP (Lundberg et al. 2018, arXiv 1802.03888; 2020, arXiv 1905.04610)
 * of an ensemble's raw output: path dependent, or interventional if `background` is given. Values
 * sum to output − expected. Each leaf is a game
 * of its own (`LeafGame`), and the games add up.
 *
 * @example
 * const { values, expected } = treeShap(trees, decide, rows, { features: 8, outputs: 1 });
 */
export function treeShap(
  trees: readonly FlatTree[],
  decide: Decide,
  rows: readonly ArrayLike<number>[],
  options: TreeShapOptions,
): TreeShapValues {
  const sum = new TreeShapSum(trees, decide, rows, options);
  for (let t = 0; t < trees.length; t++) sum.add(t);
  return sum.result();
}

/** The same tree by tree, so that a long computation can be watched and stopped. */
export class TreeShapSum {
  /** `[outputs, features, rows]`: rows lie side by side, since all go through a leaf together. */
  private readonly values: Float64Array;
  /** `[outputs, features, features, rows]`, the half below the diagonal. */
  private readonly pairs: Float64Array | undefined;
  private readonly expected: Float64Array;

  constructor(
    private readonly trees: readonly FlatTree[],
    private readonly decide: Decide,
    private readonly rows: readonly ArrayLike<number>[],
    private readonly options: TreeShapOptions,
  ) {
    const { features, outputs, interactions = false } = options;
    const size = rows.length * features * outputs;
    this.values = new Float64Array(size);
    this.expected = new Float64Array(outputs);
    this.pairs = interactions ? new Float64Array(size * features) : undefined;
  }

  /** Adds tree `t`. */
  add(t: number): void {
    const { rows, options } = this;
    const { background } = options;
    const tree = this.trees[t];
    const count = rows.length;
    const own = this.decisions(t, rows);
    const others = background === undefined ? undefined : this.decisions(t, background);
    // what a row missed on the way down, by depth: neighbouring leaves share the beginning
    const missed = [new Int32Array(count)];
    const where = new Int32Array(count);
    let last: LeafPath | undefined;
    for (const path of leafPaths(tree)) {
      const game = new LeafGame(path, this.pairs !== undefined);
      if (others === undefined) game.byCover(path);
      else {
        game.byBackground(background!.length, (n, bits) =>
          readBits(path, others, background!.length, n, bits),
        );
      }
      this.addExpected(tree, path.leaf, game.expected);
      if (game.size === 0) continue;
      if (game.size > MOST_BITS) {
        this.addRowByRow(tree, path, game, own);
        continue;
      }
      for (let d = shared(last, path); d < path.nodes.length; d++) {
        missed[d + 1] ??= new Int32Array(count);
        step(missed[d], missed[d + 1], own, path, d, count);
      }
      last = path;
      const ends = missed[path.nodes.length];
      for (let n = 0; n < count; n++) where[n] = game.at(ends[n]);
      this.addLeaf(tree, path, game, where, 0, count);
    }
  }

  result(): TreeShapValues {
    const { features, outputs } = this.options;
    const count = this.rows.length;
    const values = new Float64Array(this.values.length);
    for (let k = 0, from = 0; k < outputs; k++) {
      for (let f = 0; f < features; f++) {
        for (let n = 0; n < count; n++) {
          values[(n * features + f) * outputs + k] = this.values[from++];
        }
      }
    }
    return {
      values,
      expected: this.expected.slice(),
      ...(this.pairs !== undefined && { interactions: this.interactions(values) }),
    };
  }

  /** Both halves, and on the diagonal what of a feature's value is its own. */
  private interactions(values: Float64Array): Float64Array {
    const { features, outputs } = this.options;
    const count = this.rows.length;
    const result = new Float64Array(this.pairs!.length);
    const at = (n: number, i: number, j: number, k: number) =>
      ((n * features + i) * features + j) * outputs + k;
    for (let k = 0; k < outputs; k++) {
      for (let n = 0; n < count; n++) {
        for (let i = 0; i < features; i++) {
          result[at(n, i, i, k)] += values[(n * features + i) * outputs + k];
          for (let j = 0; j < i; j++) {
            const part = this.pairs![((k * features + i) * features + j) * count + n] / 2;
            result[at(n, i, j, k)] = result[at(n, j, i, k)] = part;
            result[at(n, i, i, k)] -= part;
            result[at(n, j, j, k)] -= part;
          }
        }
      }
    }
    return result;
  }

  /** Which way each row goes at each node: `[nodes, rows]`. */
  private decisions(t: number, rows: readonly ArrayLike<number>[]): Uint8Array {
    const nodes = this.trees[t].left.length;
    const all = new Uint8Array(rows.length * nodes);
    const one = new Uint8Array(nodes);
    rows.forEach((row, n) => {
      this.decide(t, row, one);
      for (let node = 0; node < nodes; node++) all[node * rows.length + n] = one[node];
    });
    return all;
  }

  private addExpected({ outputs, values, scale = 1 }: FlatTree, leaf: number, share: number): void {
    for (let k = 0; k < outputs.length; k++) {
      this.expected[outputs[k]] += scale * values[leaf * outputs.length + k] * share;
    }
  }

  /** Adds what rows `first` to `end` have in the game's store at `where`. */
  private addLeaf(
    { outputs, values, scale = 1 }: FlatTree,
    { leaf, features: used }: LeafPath,
    { store, size }: LeafGame,
    where: Int32Array,
    first: number,
    end: number,
  ): void {
    const { features } = this.options;
    const count = this.rows.length;
    for (let k = 0; k < outputs.length; k++) {
      const value = scale * values[leaf * outputs.length + k];
      if (value === 0) continue;
      for (let i = 0; i < size; i++) {
        const to = (outputs[k] * features + used[i]) * count;
        const into = this.values;
        for (let n = first; n < end; n++) into[to + n] += value * store[where[n] + i];
      }
      if (this.pairs === undefined) continue;
      const into = this.pairs;
      for (let i = 1, pair = size; i < size; i++) {
        for (let j = 0; j < i; j++, pair++) {
          const [high, low] = [Math.max(used[i], used[j]), Math.min(used[i], used[j])];
          const to = ((outputs[k] * features + high) * features + low) * count;
          for (let n = first; n < end; n++) into[to + n] += value * store[where[n] + pair];
        }
      }
    }
  }

  private addRowByRow(tree: FlatTree, path: LeafPath, game: LeafGame, own: Uint8Array): void {
    const count = this.rows.length;
    const bits = new Uint8Array(game.size);
    const where = new Int32Array(count);
    for (let n = 0; n < count; n++) {
      readBits(path, own, count, n, bits);
      where[n] = game.forBits(bits);
      this.addLeaf(tree, path, game, where, n, n + 1);
    }
  }
}

/** One edge further down for all rows. */
function step(
  from: Int32Array,
  to: Int32Array,
  decisions: Uint8Array,
  { nodes, wantsLeft, slots }: LeafPath,
  depth: number,
  count: number,
): void {
  const at = nodes[depth] * count;
  const wanted = wantsLeft[depth];
  const slot = slots[depth];
  for (let n = 0; n < count; n++) to[n] = from[n] | ((decisions[at + n] ^ wanted) << slot);
}

/** How many edges two paths have in common from the root. */
function shared(before: LeafPath | undefined, { nodes, wantsLeft }: LeafPath): number {
  let d = 0;
  if (before === undefined) return 0;
  while (d < nodes.length && before.nodes[d] === nodes[d] && before.wantsLeft[d] === wantsLeft[d]) {
    d++;
  }
  return d;
}

function readBits(
  { nodes, wantsLeft, slots }: LeafPath,
  decisions: Uint8Array,
  count: number,
  n: number,
  bits: Uint8Array,
): void {
  bits.fill(1);
  for (let e = 0; e < nodes.length; e++) {
    if (decisions[nodes[e] * count + n] !== wantsLeft[e]) bits[slots[e]] = 0;
  }
}
