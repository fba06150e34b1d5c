/**
 * What every registered method keeps to on a model that was read into a graph
 * and runs on ONNX Runtime: the contract of `contract.test.ts` without TensorFlow.js.
 */
import test, { type ExecutionContext } from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { AbortedError, isWhylensError } from '../../src/errors.js';
import { explainPrediction, explainPredictions } from '../../src/explain/explain.js';
import type { ExplainOptions } from '../../src/explain/explain-options.js';
import type { Explanation, NdArray } from '../../src/explanation.js';
import { CompiledModel } from '../../src/model/compiled.js';
import { onnxRuntimeNode } from '../../src/model/executors/onnxruntime/node.js';
import { fewCalls } from '../helpers/few-calls.js';
import { largest, largestDifference, randomArray } from '../helpers/tfjs.js';
import { SHAPE, valueModel } from '../helpers/value-model.js';

const registry = registryOf(createContainer());
const DOC = randomArray([1, ...SHAPE], 5);
const MAPS = [...registry.explainers.values()].filter(({ documents }) =>
  documents.includes('image'),
);

async function network(t: ExecutionContext, dead = false): Promise<CompiledModel | undefined> {
  try {
    return new CompiledModel(valueModel(3, dead), await onnxRuntimeNode({ threads: 1 }));
  } catch (error) {
    t.log(`NOT CHECKED: onnxruntime does not load here: ${String(error)}`);
    t.pass();
    return undefined;
  }
}
function mapsOf(explanation: Explanation): NdArray[] {
  if (explanation.kind === 'concepts') return explanation.concepts.map(({ heatmap }) => heatmap);
  if (explanation.kind === 'image') return explanation.targets.map(({ heatmap }) => heatmap);
  throw new Error(`no maps in ${explanation.kind}`);
}
const optionsFor = (id: string, more: ExplainOptions = {}): ExplainOptions => ({
  method: id,
  targets: [2, 0],
  seed: 4,
  ...fewCalls(registry.explainer(id), 24),
  ...more,
});

for (const { id, needs, family } of MAPS) {
  test(`${id} on a graph: repeatable, a batch equals singles, abort, dead network`, async (t) => {
    const model = await network(t);
    if (model === undefined) return;
    const first = await explainPrediction(model, DOC, optionsFor(id));
    t.deepEqual(await explainPrediction(model, DOC, optionsFor(id)), first);
    t.true(mapsOf(first).some(({ data }) => largest(data) > 0));
    const docs = [1, 2].map((seed) => randomArray([1, ...SHAPE], seed));
    const all: Explanation[] = [];
    for await (const one of explainPredictions(model, docs, optionsFor(id, { together: 2 }))) {
      all.push(one);
    }
    for (const [n, doc] of docs.entries()) {
      const single = await explainPrediction(model, doc, optionsFor(id));
      mapsOf(single).forEach(({ data }, i) => {
        const off = largestDifference(data, mapsOf(all[n])[i].data);
        t.true(off <= 1e-4 * Math.max(largest(data), 1e-6), `document ${n}, map ${i}: ${off}`);
      });
    }
    const wrong = await t.throwsAsync(
      explainPrediction(model, DOC, optionsFor(id, { targets: [99] })),
    );
    t.true(isWhylensError(wrong), String(wrong));
    const controller = new AbortController();
    controller.abort();
    await t.throwsAsync(
      explainPrediction(model, DOC, optionsFor(id, { signal: controller.signal })),
      { instanceOf: AbortedError },
    );
    model.release();

    const dead = (await network(t, true))!;
    const layer = needs.layer === true && needs.linearHead !== true ? { layer: 'seen' } : {};
    const explanation = await explainPrediction(dead, DOC, optionsFor(id, layer));
    for (const { data } of mapsOf(explanation)) t.true(data.every(Number.isFinite));
    const vanishes =
      needs.gradients === true &&
      family !== 'wrapper' &&
      // what looks at several layers sees some that are alive
      (needs.layer === true || needs.activations !== true);
    if (vanishes) {
      for (const { data } of mapsOf(explanation)) t.is(largest(data), 0);
      t.true(explanation.warnings.length > 0, 'no warning');
    }
    dead.release();
  });
}
