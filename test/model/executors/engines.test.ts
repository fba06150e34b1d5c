/** What each engine makes of the graphs, against the float64 executor: forward and gradients, several batches. */
import test from 'ava';
import type { NdArray } from '../../../src/explanation.js';
import { onnxRuntimeNode } from '../../../src/model/executors/onnxruntime/node.js';
import { onnxRuntimeWeb } from '../../../src/model/executors/onnxruntime/web.js';
import { tfjsExecutor } from '../../../src/model/executors/tfjs/executor.js';
import { referenceExecutor, type Executor } from '../../helpers/executors.js';
import * as b from '../../../src/model/graph/build.js';
import { gradient } from '../../../src/model/graph/gradient.js';
import type { Value } from '../../../src/model/graph/value.js';
import { COMPOSITES, PRIMITIVES } from '../../helpers/value-cases.js';
import { numbers, type Case } from '../../helpers/values.js';

const batchOf = (v: Value, n: number, seed: number, feed?: (x: number) => number): NdArray => ({
  shape: [n, ...v.shape],
  data: Float32Array.from(numbers(n * b.sizeOf(v.shape), seed), feed ?? ((x) => x)),
});

/** Forward with two samples, the gradient of three targets of one sample. */
export async function compareWithReference(
  executor: Executor,
  { of, build, feed }: Case,
): Promise<number> {
  const inputs = of.map((shape, i) => b.input(`x${i}`, shape));
  const y = build(...inputs);
  const seed = b.input('seed', y.shape);
  const gradients = gradient(new Map<Value, Value>([[y, seed]]), inputs).filter((g) => g?.live);
  const forward = new Map(inputs.map((v, i) => [v as Value, batchOf(v, 2, 10 + i, feed)]));
  const single = new Map(inputs.map((v, i) => [v as Value, batchOf(v, 1, 10 + i, feed)]));
  single.set(seed, batchOf(seed, 3, 77));
  let worst = 0;
  for (const [outputs, feeds] of [
    [[y], forward],
    [gradients as Value[], single],
  ] as const) {
    if (outputs.length === 0) continue;
    const expected = await (await referenceExecutor.compile(outputs)).run(feeds);
    const found = await (await executor.compile(outputs)).run(feeds);
    expected.forEach(({ shape, data }, i) => {
      const other = found[i];
      if (other.shape.slice(1).join() !== shape.slice(1).join()) worst = Infinity;
      const top = data.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-3);
      data.forEach((x, k) => {
        const same = other.data[other.shape[0] === 1 ? k % other.data.length : k];
        const off = Math.abs(same - x) / top;
        worst = Math.max(worst, Number.isNaN(off) ? Infinity : off);
      });
    });
  }
  return worst;
}

const CASES = [
  ...Object.entries(PRIMITIVES).flatMap(([name, list]) =>
    list.map((one, i) => [`${name} ${i}`, one] as const),
  ),
  ...Object.entries(COMPOSITES),
] as const;
/** WebAssembly takes long to make a session, and what composites are made of is in the primitives. */
const FEW = CASES.slice(0, Object.values(PRIMITIVES).flat().length);

for (const [engine, load, cases] of [
  ['onnxruntime', onnxRuntimeNode, CASES],
  ['onnxruntime-web', onnxRuntimeWeb, FEW],
  ['tfjs wasm', () => tfjsExecutor({ backend: 'wasm' }), CASES],
  ['tfjs cpu', () => tfjsExecutor({ backend: 'cpu' }), CASES],
  ['tfjs tensorflow', () => tfjsExecutor({ backend: 'tensorflow' }), CASES],
] as const) {
  test.serial(`${engine} computes what the reference computes`, async (t) => {
    let executor: Executor;
    try {
      executor = await load({ threads: 1 });
    } catch (error) {
      t.log(`NOT CHECKED: ${engine} does not load here: ${String(error)}`);
      t.pass();
      return;
    }
    for (const [name, one] of cases) {
      try {
        const off = await compareWithReference(executor, one);
        t.true(off < 2e-5, `${name}: off by ${off}`);
      } catch (error) {
        t.fail(`${name}: ${String(error)}`);
      }
    }
    executor.release();
  });
}
