/** The output of LightGBM's `dump_model`: JSON with nested nodes. */
import { makeTree } from './ensemble.js';
import type { Field } from './fields.js';
import { MISSING, type CategorySplit, type RowModel } from './interface.js';
import { lightgbmModel, MISSING_TYPES, type LightgbmTree } from './lightgbm.js';
import type { LinearLeaf } from './linear-leaves.js';
import { pandasLists } from './lightgbm-text.js';
import type { ReadOptions } from './read-options.js';

const MOST_NODES = 1e7;

/** Told by its fields. */
export function isLightgbmDump(file: Field): boolean {
  return file.has('tree_info') && file.has('num_tree_per_iteration');
}

/**
 * A model of `dump_model()` as JSON.
 *
 * @throws `MODEL_LOAD` for a file that does not fit together; `UNSUPPORTED_MODEL`
 */
export function readLightgbmDump(file: Field, options: ReadOptions): RowModel {
  const features = file.get('max_feature_idx').count(0, 1e7) + 1;
  const infos = file.get('feature_infos');
  const featureNames = file.get('feature_names').texts();
  const pandas = pandasLists(file.get('pandas_categorical'));
  return lightgbmModel(
    {
      objective: file.has('objective') ? file.get('objective').text() : '',
      classes: file.has('num_class') ? file.get('num_class').count(1, 1e6) : 1,
      treesPerIteration: file.get('num_tree_per_iteration').count(1, 1e6),
      features,
      featureNames,
      averaged: file.get('average_output').flag(),
      seen: Array.from({ length: features }, (_, j) => {
        const values = infos.isObject()
          ? infos.get(featureNames[j] ?? '').get('values')
          : undefined;
        const codes = values?.exists === true ? Array.from(values.numbers()) : [];
        return codes.length === 0 ? undefined : codes;
      }),
      ...(pandas !== undefined && { pandas }),
    },
    file
      .get('tree_info')
      .list()
      .map((tree) => readNested(tree.get('tree_structure'))),
    file.file,
    options,
  );
}

interface FlatNode {
  readonly field: Field;
  left: number;
  right: number;
}

/** Flat arrays of nested nodes, without recursion: trees may be deeper than calls may nest. */
function readNested(root: Field): LightgbmTree {
  const flat: FlatNode[] = [{ field: root, left: -1, right: -1 }];
  for (let at = 0; at < flat.length && flat.length <= MOST_NODES; at++) {
    const node = flat[at];
    if (!node.field.has('left_child')) continue;
    node.left = flat.push({ field: node.field.get('left_child'), left: -1, right: -1 }) - 1;
    node.right = flat.push({ field: node.field.get('right_child'), left: -1, right: -1 }) - 1;
  }
  const nodes = flat.length;
  const defaultLeft = new Uint8Array(nodes);
  const missing = new Uint8Array(nodes).fill(MISSING.nan);
  const feature = new Int32Array(nodes).fill(-1);
  const threshold = new Float64Array(nodes).fill(NaN);
  const values = new Float64Array(nodes);
  const gain = new Float64Array(nodes);
  const cover = new Float64Array(nodes);
  const categories: (CategorySplit | undefined)[] = [];
  const linear: (LinearLeaf | undefined)[] = [];
  flat.forEach(({ field, left }, n) => {
    if (left === -1) {
      if (field.has('leaf_coeff')) {
        const features = Array.from(field.get('leaf_features').numbers());
        const coefficients = field.get('leaf_coeff').numbers(features.length);
        linear[n] = {
          constant: field.get('leaf_const').number(),
          features,
          coefficients: Array.from(coefficients),
        };
      }
      values[n] = field.get('leaf_value').number();
      cover[n] = nodes === 1 ? field.get('leaf_count').number(1) : field.get('leaf_count').number();
      return;
    }
    feature[n] = field.get('split_feature').count();
    gain[n] = field.get('split_gain').number(0);
    cover[n] = field.get('internal_count').number();
    if (field.get('decision_type').text() === '==') {
      categories[n] = { codes: codesOf(field.get('threshold')), listed: 'left' };
      return;
    }
    threshold[n] = field.get('threshold').number();
    defaultLeft[n] = field.get('default_left').flag() ? 1 : 0;
    const type = MISSING_TYPES[field.get('missing_type').text()] as number | undefined;
    if (type === undefined) throw field.get('missing_type').wrong('None, Zero or NaN');
    missing[n] = type;
  });
  const {
    outputs: _outputs,
    scale: _scale,
    ...tree
  } = makeTree({
    left: Int32Array.from(flat, ({ left }) => left),
    right: Int32Array.from(flat, ({ right }) => right),
    feature,
    threshold,
    defaultLeft,
    missing,
    values,
    gain,
    cover,
    outputs: Int32Array.of(0),
    ...(categories.length > 0 && { categories }),
  });
  return { ...tree, ...(linear.length > 0 && { linear }) };
}

/** `0||3` */
function codesOf(field: Field): Set<number> {
  const codes = String(field.value).split('||').map(Number);
  if (codes.some((code) => !Number.isInteger(code))) throw field.wrong('categories as 0||3');
  return new Set(codes);
}
