/** LightGBM's own model file: lines of key=value, one block for each tree. */
import { makeTree } from './ensemble.js';
import { broken, Field } from './fields.js';
import { MISSING, type CategorySplit, type RowModel } from './interface.js';
import { lightgbmModel, type LightgbmHead, type LightgbmTree } from './lightgbm.js';
import type { LinearLeaf } from './linear-leaves.js';
import type { ReadOptions } from './read-options.js';

/** Told by its first line and its version. */
export function isLightgbmText(text: string): boolean {
  return /^\s*tree\r?\n/.test(text) && /^version=/m.test(text.slice(0, 4096));
}

/**
 * A model of `save_model` / `model_to_string`.
 *
 * @throws `MODEL_LOAD` for a file that is cut off or does not fit together;
 * `UNSUPPORTED_MODEL` for unknown objectives
 */
export function readLightgbmText(text: string, file: string, options: ReadOptions): RowModel {
  const end = text.search(/^end of trees\s*$/m);
  if (end === -1) throw broken(file, `the line 'end of trees' is missing: the file is cut off`);
  const [head, ...blocks] = text.slice(0, end).split(/^Tree=/m);
  const facts = new Lines(head, file, '');
  const treesPerIteration = facts.field('num_tree_per_iteration').count(1, 1e6);
  const features = facts.field('max_feature_idx').count(0, 1e7) + 1;
  const featureNames = facts.words('feature_names');
  if (featureNames.length !== features) {
    throw broken(file, `it has ${features} features, but ${featureNames.length} names`);
  }
  const sizes = facts.has('tree_sizes') ? facts.words('tree_sizes') : undefined;
  if (sizes !== undefined && sizes.length !== blocks.length) {
    throw broken(file, `'tree_sizes' tells ${sizes.length} trees, the file has ${blocks.length}`);
  }
  const pandas = /^pandas_categorical:(.+)$/m.exec(text.slice(end))?.[1];
  const lists = categoryLists(pandas, file);
  const info = facts.has('feature_infos') ? facts.words('feature_infos') : [];
  const about: LightgbmHead = {
    objective: facts.has('objective') ? facts.field('objective').text() : '',
    classes: facts.has('num_class') ? facts.field('num_class').count(1, 1e6) : 1,
    treesPerIteration,
    features,
    featureNames,
    averaged: /^average_output\s*$/m.test(head),
    seen: Array.from({ length: features }, (_, j) => seenIn(info[j])),
    ...(lists !== undefined && { pandas: lists }),
  };
  const trees = blocks.map((block, t) => readBlock(new Lines(block, file, `tree ${t}: `)));
  return lightgbmModel(about, trees, file, options);
}

/** `[low:high]` is a number, `1:4:7` a list of categories. */
function seenIn(info: string | undefined): number[] | undefined {
  return info === undefined || !/^-?\d+(:-?\d+)*$/.test(info)
    ? undefined
    : info.split(':').map(Number);
}

function categoryLists(json: string | undefined, file: string): (string | number)[][] | undefined {
  if (json === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw broken(file, `'pandas_categorical' is no JSON`, cause);
  }
  return pandasLists(new Field(value, file, 'pandas_categorical'));
}

/** Lists of categories, or null. */
export function pandasLists(field: Field): (string | number)[][] | undefined {
  if (!field.exists) return undefined;
  return field
    .list()
    .map((list) =>
      list.list().map((item) => (typeof item.value === 'number' ? item.value : String(item.value))),
    );
}

/** The key=value lines of a block. */
class Lines {
  private readonly lines: ReadonlyMap<string, string>;

  constructor(
    block: string,
    private readonly file: string,
    private readonly where: string,
  ) {
    this.lines = new Map(
      block
        .split(/\r?\n/)
        .filter((line) => line.includes('='))
        .map((line) => {
          const at = line.indexOf('=');
          return [line.slice(0, at), line.slice(at + 1)];
        }),
    );
  }

  has(key: string): boolean {
    return this.lines.has(key);
  }

  field(key: string): Field {
    return new Field(this.lines.get(key), this.file, this.where + key);
  }

  words(key: string): string[] {
    const text = this.field(key).text().trim();
    return text === '' ? [] : text.split(/\s+/);
  }

  numbers(key: string, length: number): Float64Array {
    const words = this.words(key);
    return new Field(
      words.map((word) =>
        new Field(word.replace(/^nan$/i, 'NaN'), this.file, this.where + key).number(),
      ),
      this.file,
      this.where + key,
    ).numbers(length);
  }
}

function readBlock(lines: Lines): LightgbmTree {
  const leaves = lines.field('num_leaves').count(1, 1e7);
  const inner = leaves - 1;
  const nodes = inner + leaves;
  const value = lines.numbers('leaf_value', leaves);
  const counted = lines.has('leaf_count') && lines.words('leaf_count').length === leaves;
  const cover = new Float64Array(nodes);
  if (counted) cover.set(lines.numbers('leaf_count', leaves), inner);
  else if (leaves === 1) cover[0] = 1;
  const left = new Int32Array(nodes).fill(-1);
  const right = new Int32Array(nodes).fill(-1);
  const feature = new Int32Array(nodes).fill(-1);
  const threshold = new Float64Array(nodes).fill(NaN);
  const defaultLeft = new Uint8Array(nodes);
  const missing = new Uint8Array(nodes).fill(MISSING.nan);
  const gain = new Float64Array(nodes);
  const categories: (CategorySplit | undefined)[] = [];
  if (inner > 0) {
    const types = lines.numbers('decision_type', inner);
    const thresholds = lines.numbers('threshold', inner);
    // a negative child c is leaf ~c; leaves stand behind the inner nodes
    const child = (c: number) => (c < 0 ? inner + ~c : c);
    left.set(lines.numbers('left_child', inner).map(child));
    right.set(lines.numbers('right_child', inner).map(child));
    feature.set(lines.numbers('split_feature', inner));
    if (counted) cover.set(lines.numbers('internal_count', inner));
    if (lines.has('split_gain')) gain.set(lines.numbers('split_gain', inner));
    types.forEach((type, node) => {
      if ((type & 1) === 1) {
        categories[node] = { codes: bitSet(lines, thresholds[node]), listed: 'left' };
        return;
      }
      threshold[node] = thresholds[node];
      defaultLeft[node] = (type >> 1) & 1;
      missing[node] = (type >> 2) & 3;
    });
  }
  const {
    outputs: _outputs,
    scale: _scale,
    ...tree
  } = makeTree({
    left,
    right,
    feature,
    threshold,
    defaultLeft,
    missing,
    gain,
    values: Float64Array.from({ length: nodes }, (_, n) => (n < inner ? 0 : value[n - inner])),
    outputs: Int32Array.of(0),
    ...((counted || leaves === 1) && { cover }),
    ...(categories.length > 0 && { categories }),
  });
  const linear = lines.has('is_linear') && lines.field('is_linear').number() === 1;
  return { ...tree, ...(linear && { linear: linearLeaves(lines, leaves, inner) }) };
}

/** The leaves' linear models one after the other in three lists, by node. */
function linearLeaves(lines: Lines, leaves: number, inner: number): (LinearLeaf | undefined)[] {
  const constants = lines.numbers('leaf_const', leaves);
  const sizes = lines.numbers('num_features', leaves);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const features = lines.numbers('leaf_features', total);
  const coefficients = lines.numbers('leaf_coeff', total);
  const list = new Array<LinearLeaf | undefined>(inner).fill(undefined);
  let at = 0;
  sizes.forEach((size, leaf) => {
    list.push({
      constant: constants[leaf],
      features: [...features.subarray(at, at + size)],
      coefficients: [...coefficients.subarray(at, at + size)],
    });
    at += size;
  });
  return list;
}

/** The categories of set `index`: bits of 32-bit words. */
function bitSet(lines: Lines, index: number): Set<number> {
  const bounds = lines.words('cat_boundaries').map(Number);
  const words = lines.words('cat_threshold').map(Number);
  const [from, to] = [bounds[index], bounds[index + 1]];
  if (!(from >= 0 && to >= from && to <= words.length)) {
    throw lines.field('cat_boundaries').wrong(`bounds of set ${index} of categories`);
  }
  const codes = new Set<number>();
  for (let w = from; w < to; w++) {
    for (let bit = 0; bit < 32; bit++) {
      if (((words[w] >>> bit) & 1) === 1) codes.add((w - from) * 32 + bit);
    }
  }
  return codes;
}
