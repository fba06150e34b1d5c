/**
 * Every option of every registered method changes what comes out. Another value
 * than the default follows from the declaration (another choice, the other
 * truth, a number beside it) unless one is given here.
 */
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { type ExplainOptions } from '../../src/explain/explain-options.js';
import type { Explanation } from '../../src/explanation.js';
import type { OptionSpec } from '../../src/options.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { randomArray, seedWeights, tfl } from '../helpers/tfjs.js';
import { visionTransformer } from '../helpers/vit.js';

const { layers } = tfl;
const registry = registryOf(createContainer());
const DOC = randomArray([1, 12, 10, 3], 5);
const TOKENS_DOC = randomArray([1, 8, 12, 3], 5);

/** What keeps the long methods short while one option changes. */
const BASE: Readonly<Record<string, object>> = {
  'integrated-gradients': { steps: 5 },
  rise: { masks: 24 },
  lime: { samples: 24, segments: 8 },
  'kernel-shap': { samples: 24, segments: 8 },
  smooth: { n: 4 },
};

/** Another value than the default, by `method.option` or by `option`, where none follows from the declaration. */
const OTHER: Readonly<Record<string, unknown>> = {
  baseline: 0.5,
  layers: ['seen'],
  'multi-layer.of': 'eigen-cam',
  'refine-cam.of': 'eigen-cam',
  'smooth.of': 'gradient-x-input',
  'tta.of': 'layer-cam',
  patch: 3,
  scales: [1, 1.2],
  segments: '3x3',
  stride: 2,
};

/** What else an option needs to matter. */
const WITH: Readonly<Record<string, object>> = {
  // a network of rectifiers has no curvature in its logits
  'shapley-cam.step': { score: 'output' },
};

/** Another value that the declaration allows. */
function anotherValue(spec: OptionSpec): unknown {
  switch (spec.type) {
    case 'choice':
      return spec.choices.find((choice) => choice !== spec.default);
    case 'boolean':
      return spec.default !== true;
    case 'number': {
      const { default: usual = spec.min ?? 1, min = -Infinity, max = Infinity } = spec;
      const step = spec.integer === true ? 1 : Math.abs(usual) / 2 || 0.5;
      return usual + step <= max ? usual + step : Math.max(min, usual - step);
    }
    default:
      return undefined;
  }
}

/** A network of any input size, so that `zoom` has a choice, with a dense layer behind the pooling to be curved. */
function network(): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        batchInputShape: [null, null, null, 3],
        filters: 5,
        kernelSize: 3,
        padding: 'same',
        name: 'conv',
      }),
      layers.batchNormalization({ name: 'norm' }),
      // a ceiling so low that units reach it
      layers.reLU({ maxValue: 0.5, name: 'seen' }),
      layers.maxPooling2d({ poolSize: 2, name: 'pooled' }),
      layers.conv2d({
        filters: 6,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        name: 'deep',
      }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 5, activation: 'softmax', name: 'scores' }),
    ],
  });
  seedWeights(model, 3);
  return model;
}

function mapsOf(explanation: Explanation): unknown {
  if (explanation.kind === 'concepts') return explanation.concepts.map(({ heatmap }) => heatmap);
  if (explanation.kind === 'image') return explanation.targets.map(({ heatmap }) => heatmap);
  throw new Error(`no maps in ${explanation.kind}`);
}

test.before(async () => {
  await selectBackend('wasm');
});

for (const { id, options, needs, documents } of registry.explainers.values()) {
  // methods for rows and texts are in test/explainers/tabular
  if (!documents.some((kind) => kind === 'image' || kind === 'array')) continue;
  for (const name of Object.keys(options)) {
    test.serial(`${id}: option ${name} changes the map`, async (t) => {
      const key = `${id}.${name}`;
      const value =
        name === 'tokens'
          ? { skip: 1, grid: [6, 4] }
          : (OTHER[key] ?? OTHER[name] ?? anotherValue(options[name]));
      if (value === undefined) return t.fail(`give '${key}' a value in OTHER of this test`);
      const common: ExplainOptions = {
        method: id,
        targets: [2],
        seed: 4,
        ...BASE[id],
        ...WITH[key],
      };
      const model = name === 'tokens' ? visionTransformer() : network();
      const doc = name === 'tokens' ? TOKENS_DOC : DOC;
      const layer =
        name === 'tokens'
          ? // cam needs pooling behind its layer, which a class token is not
            { layer: 'block2_norm1' }
          : needs.layer === true
            ? { layer: 'deep' }
            : {};
      if (name === 'tokens' && id === 'cam') {
        model.dispose();
        return pooledTokens(t, common, value);
      }
      const explain = async (more: object) =>
        mapsOf(await explainPrediction(model, doc, { ...common, ...layer, ...more }));
      const plain = await explain({});
      t.deepEqual(await explain({}), plain);
      t.notDeepEqual(
        await explain({ [name]: value }),
        plain,
        `${JSON.stringify(value)} changes nothing: give '${key}' another value in OTHER of this test, or mend the option`,
      );
      model.dispose();
    });
  }
}

/** Tokens of patches and a pooled linear head. */
async function pooledTokens(
  t: { notDeepEqual(a: unknown, b: unknown): void },
  common: ExplainOptions,
  tokens: unknown,
): Promise<void> {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 12, 3], filters: 4, kernelSize: 2, strides: 2 }),
      layers.reshape({ targetShape: [24, 4], name: 'sequence' }),
      layers.globalAveragePooling1d({}),
      layers.dense({ units: 5 }),
    ],
  });
  seedWeights(model, 3);
  const explain = async (more: object) =>
    mapsOf(await explainPrediction(model, TOKENS_DOC, { ...common, layer: 'sequence', ...more }));
  t.notDeepEqual(await explain({ tokens: { ...(tokens as object), skip: 0 } }), await explain({}));
  model.dispose();
}
