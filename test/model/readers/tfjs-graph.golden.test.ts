/**
 * Graphs that TensorFlow's own converter wrote, against TensorFlow in float64
 * (`golden/families`), on every engine that is there and in a process that
 * loaded nothing else.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { explainPrediction } from '../../../src/explain/explain.js';
import type { ImageExplanation, NdArray } from '../../../src/explanation.js';
import { maskTarget } from '../../../src/model/targets.js';
import { loadModel } from '../../../src/node/load-model.js';
import { largest, largestDifference } from '../../helpers/arrays.js';
import { sharedFile } from '../../helpers/shared.js';

interface Encoded {
  readonly shape: readonly number[];
  readonly b64: string;
}
interface Reference {
  readonly inputs: readonly Encoded[];
  readonly cls: readonly number[];
  readonly seg?: boolean;
  readonly mask: NdArray;
  readonly logits: Encoded;
  readonly maps: Readonly<Record<string, Encoded | undefined>>;
}

const MODELS: readonly (readonly [string, string])[] = [
  ...[
    'conv_dil',
    'dense_space',
    'dw_dil',
    'head_wrapped',
    'ops3',
    'spatial_attention',
    'unet_up',
  ].map((name) => [name, 'graph'] as const),
  ['dense_space', 'graph-batch1'],
];
const METHODS: Readonly<Record<string, object>> = {
  saliency: { method: 'saliency' },
  gxi: { method: 'gradient-x-input' },
  ig: { method: 'integrated-gradients', steps: 10, baseline: 0 },
  guided: { method: 'guided-backprop' },
};
const ENGINES = [
  { engine: 'onnxruntime' },
  { engine: 'onnxruntime-web' },
  { backend: 'wasm' },
  { backend: 'cpu' },
] as const;

const sample = ({ shape, b64 }: Encoded, n: number): NdArray => {
  const bytes = Buffer.from(b64, 'base64');
  const data = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  const size = data.length / shape[0];
  return { shape: [1, ...shape.slice(1)], data: data.slice(n * size, (n + 1) * size) };
};

async function check(
  t: ExecutionContext,
  name: string,
  kind: string,
  engine: (typeof ENGINES)[number],
): Promise<void> {
  const path = sharedFile(t, 'golden', 'families', name, kind, 'model.json');
  if (path === undefined) return;
  const ref = JSON.parse(readFileSync(join(path, '../../ref.json'), 'utf8')) as Reference;
  const model = await loadModel(path, { ...engine, preprocess: 'none' });
  const target = (n: number) => (ref.seg === true ? maskTarget(ref.cls[n], ref.mask) : ref.cls[n]);
  const explain = (n: number, options: object) =>
    explainPrediction(model, sample(ref.inputs[0], n), {
      targets: target(n),
      ...options,
    }) as Promise<ImageExplanation>;
  for (const n of [0, 1]) {
    for (const [key, options] of Object.entries(METHODS)) {
      const expected = ref.maps[key];
      if (expected === undefined) continue;
      const { targets } = await explain(n, options);
      const { data } = sample(expected, n);
      const error = largestDifference(targets[0].heatmap.data, data) / largest(data);
      t.true(error < 1e-5, `${key} of sample ${n} is off by ${error}`);
      if (ref.seg === true) continue;
      const logit = sample(ref.logits, n).data[ref.cls[n]];
      t.true(Math.abs(targets[0].score - logit) < 1e-5 * Math.max(1, Math.abs(logit)));
    }
  }
  const { parameters, targets } = await explain(0, { method: 'full-grad' });
  const [gap] = parameters.completenessGap as number[];
  t.true(Math.abs(gap) < 1e-5 * Math.max(1, Math.abs(targets[0].score)), `gap ${gap}`);
  model.dispose();
}

for (const engine of ENGINES) {
  for (const [name, kind] of MODELS) {
    test.serial(`${name} (${kind}) on ${Object.values(engine).join()}`, async (t) => {
      try {
        await check(t, name, kind, engine);
      } catch (error) {
        if ((error as { code?: string }).code !== 'BACKEND') throw error;
        t.log(`NOT CHECKED: ${(error as Error).message}`);
        t.pass();
      }
    });
  }
}
