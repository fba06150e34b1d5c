/** ONNX files of real exporters through every engine and the model interface, against float64 autograd. */
import test from 'ava';
import { CompiledModel } from '../../src/model/compiled.js';
import { startEngine } from '../../src/model/executors/choose.js';
import { ENGINES } from '../../src/model/engines.js';
import { ndSamples } from '../../src/model/interface.js';
import { readOnnx } from '../../src/model/readers/onnx/read.js';
import { classTarget } from '../../src/model/targets.js';
import { farthest, goldenNames, likeGraph, readGolden } from '../helpers/onnx-golden.js';
import { sharedFile } from '../helpers/shared.js';

const CASES = ENGINES.flatMap((engine) =>
  ['torch', 'tf2onnx', 'real'].map((folder) => [engine, folder] as const),
);

for (const [engine, folder] of CASES) {
  test.serial(`${folder} on ${engine}: outputs, input and inner gradients`, async (t) => {
    const root = sharedFile(t, 'golden', 'onnx');
    if (root === undefined) return;
    try {
      (await startEngine(engine, { threads: 1 })).release();
    } catch (error) {
      t.log(`NOT CHECKED: ${String(error)}`);
      t.pass();
      return;
    }
    for (const name of goldenNames(root, folder)) {
      // the slower engines see each network once
      if (engine !== 'onnxruntime' && /ts11|dynamo/.test(name.file)) continue;
      const golden = readGolden(name);
      const { model: file, files, input } = golden;
      const graph = readOnnx(file, { name: golden.file, files, inputShape: input.shape.slice(1) });
      const model = new CompiledModel(
        graph,
        await startEngine(engine, { threads: 1, backend: 'wasm' }),
      );
      const [own] = graph.inputs;
      const x = likeGraph(input, own.value.shape);
      const layers = golden.inner.map(
        ({ names }) =>
          [...graph.layers.values()].find((layer) =>
            [layer.path, ...(layer.aliases ?? [])].some((path) => names.includes(path)),
          )!.path,
      );
      const { outputs, gradients } = await model.differentiate({
        inputs: [ndSamples({ shape: x.shape, data: Float32Array.from(x.data) })],
        targets: [classTarget(golden.target)],
        layers,
        wrt: [own.name],
      });
      const logits = farthest(outputs[0].logits.data, golden.logits.data);
      t.true(logits < 1e-4, `${golden.file}: logits off by ${logits}`);
      const check = (path: string, expected: Float64Array): void => {
        const off = farthest(gradients[path][0].data, expected);
        t.true(off < 1e-5, `${golden.file}: gradient at ${path} off by ${off}`);
      };
      check(own.name, likeGraph(golden.inputGradient, own.value.shape).data);
      golden.inner.forEach(({ gradient }, i) => {
        const path = layers[i];
        check(path, likeGraph(gradient, gradients[path][0].shape.slice(1)).data);
      });
      model.release();
    }
  });
}
