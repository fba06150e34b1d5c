/** Keras files on every engine that is there: outputs within 1e-4, gradients within 1e-3 of their maximum. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { CompiledModel } from '../../../../src/model/compiled.js';
import type { Executor } from '../../../../src/model/executors/executor.js';
import {
  importOnnxRuntimeNode,
  onnxRuntimeNode,
} from '../../../../src/model/executors/onnxruntime/node.js';
import {
  importOnnxRuntimeWeb,
  onnxRuntimeWeb,
} from '../../../../src/model/executors/onnxruntime/web.js';
import { ndSamples } from '../../../../src/model/interface.js';
import { readKerasFile } from '../../../../src/model/readers/keras/file.js';
import { classTarget } from '../../../../src/model/targets.js';
import { sharedFile } from '../../../helpers/shared.js';

interface Stored {
  readonly dtype: string;
  readonly shape: number[];
  readonly base64: string;
}

const ENGINES: Readonly<Record<string, () => Promise<Executor | undefined>>> = {
  onnxruntime: async () =>
    'runtime' in (await importOnnxRuntimeNode()) ? onnxRuntimeNode() : undefined,
  // without a number of threads: the library's own way to count cores must not be needed
  'onnxruntime-web': async () =>
    'runtime' in (await importOnnxRuntimeWeb()) ? onnxRuntimeWeb() : undefined,
};

function numbers({ dtype, base64 }: Stored): Float32Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64');
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return dtype === 'float64' ? Float32Array.from(new Float64Array(bytes)) : new Float32Array(bytes);
}

function apart(found: ArrayLike<number>, expected: Float32Array): number {
  const largest = expected.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  return expected.reduce((m, x, i) => Math.max(m, Math.abs(found[i] - x)), 0) / largest;
}

for (const [id, engine] of Object.entries(ENGINES)) {
  for (const name of [
    'plain.keras3.h5',
    'zoo.keras2.keras',
    'zoo.keras214.h5',
    'mobilenetv2_035_96.keras3.keras',
  ]) {
    test(`${name} on ${id}`, async (t) => {
      const file = sharedFile(t, 'golden/keras', name);
      if (file === undefined) return;
      const executor = await engine();
      if (executor === undefined) {
        t.log(`NOT CHECKED: ${id} is not installed here`);
        t.pass();
        return;
      }
      const ref = JSON.parse(
        await readFile(file.replace(/\.(keras|h5)$/, '.ref.json'), 'utf8'),
      ) as Record<'input' | 'output64' | 'inputGradientOfLogit64', Stored> & { target: number };
      const graph = await readKerasFile(await readFile(file), name);
      const model = new CompiledModel(graph, executor);
      const x = { shape: ref.input.shape, data: numbers(ref.input) };
      const { outputs } = await model.run({ inputs: [ndSamples(x)] });
      t.true(apart(outputs[0].values.data, numbers(ref.output64)) < 1e-4);
      const first = {
        shape: [1, ...x.shape.slice(1)],
        data: x.data.slice(0, x.data.length / x.shape[0]),
      };
      const [{ name: wrt }] = graph.inputs;
      const { gradients } = await model.differentiate({
        inputs: [ndSamples(first)],
        targets: [classTarget(ref.target)],
        wrt: [wrt],
      });
      t.true(apart(gradients[wrt][0].data, numbers(ref.inputGradientOfLogit64)) < 1e-3);
      model.release();
    });
  }
}
