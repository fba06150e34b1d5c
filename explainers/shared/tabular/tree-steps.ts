/** Tree SHAP tree by tree, so that a long computation can be watched and stopped. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import { AbortedError } from '../../../src/errors.js';
import type { JsonValue } from '../../../src/explanation.js';
import { TreeShapSum, type TreeShapValues } from '../../../src/maths/trees/shap.js';
import type { TreeTask } from './trees.js';

/** The event loop gets a turn this often, in milliseconds. */
const BREATH = 50;

/** What was found for the targets of the samples. */
export interface TreeShapFound {
  at(
    n: number,
    t: number,
  ): {
    readonly weights: Float64Array;
    readonly baseValue: number;
    readonly pairs?: JsonValue;
  };
  readonly facts?: Readonly<Record<string, JsonValue>>;
}

/** The whole sum; between trees the abort signal is looked at and progress is reported. */
export async function treeShapInSteps(
  { batch }: Pick<ExplainContext, 'batch'>,
  trees: {
    readonly trees: TreeTask['trees']['trees'];
    readonly decide: TreeTask['trees']['decide'];
  },
  rows: readonly Float64Array[],
  size: ConstructorParameters<typeof TreeShapSum>[3],
): Promise<TreeShapValues> {
  const sum = new TreeShapSum(
    trees.trees,
    (tree, row, into) => trees.decide(tree, row, into),
    rows,
    size,
  );
  let last = performance.now();
  for (let t = 0; t < trees.trees.length; t++) {
    if (batch.signal?.aborted === true) {
      throw new AbortedError(t, trees.trees.length, batch.signal.reason);
    }
    sum.add(t);
    if (performance.now() - last < BREATH && t + 1 < trees.trees.length) continue;
    batch.onProgress?.(t + 1, trees.trees.length);
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  }
  return sum.result();
}
