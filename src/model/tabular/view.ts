/** A model of rows or texts as other parts of the package see models: names, outputs, float32 predictions. */
import { WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';
import type {
  ExplainableModel,
  ModelDescription,
  OutputInfo,
  RunRequest,
  RunResult,
} from '../interface.js';
import type { TabularModel } from './interface.js';

/** Explainers of rows and texts read `ExplainContext.tabular` instead, which has all digits. */
export function tabularView(model: TabularModel): ExplainableModel {
  return {
    describe: () => describe(model),
    run: (request) => run(model, request),
    differentiate: () => {
      throw new WhylensError(
        'NEEDS_GRADIENTS',
        `a gradient was asked for, but '${model.name}' (${model.source}) has none`,
      );
    },
    linearHead: () => ({ found: model.source }),
    bias: () => undefined,
    randomize: () => {
      throw new WhylensError(
        'UNSUPPORTED_OPERATION',
        `'${model.name}' (${model.source}) has no layers whose weights could be drawn anew`,
      );
    },
    release: () => {
      // the model belongs to the caller, who frees it
    },
  };
}

function describe(model: TabularModel): ModelDescription {
  const units = model.task === 'classification' ? Math.max(2, model.valueCount) : model.valueCount;
  return {
    name: model.name,
    adapter: 'tabular',
    inputs: [
      {
        name: model.documents,
        shape: model.documents === 'rows' ? [model.features.length] : [],
        dtype: 'float32',
      },
    ],
    outputs: [
      {
        name: 'scores',
        shape: [model.valueCount === 0 ? null : units],
        activation: activationOf(model),
      },
    ],
    layers: [],
    ...(model.warnings !== undefined && { warnings: model.warnings }),
    can: { activations: false, gradients: false, fromLayer: false, randomize: false },
  };
}

function activationOf({ link, task }: TabularModel): OutputInfo['activation'] {
  if (link.kind === 'softmax' || link.kind === 'softmax-zero') return 'softmax';
  return task === 'classification' && (link.kind === 'logistic' || link.kind === 'sigmoid')
    ? 'sigmoid'
    : 'linear';
}

async function run(model: TabularModel, { inputs, signal }: RunRequest): Promise<RunResult> {
  if (model.documents === 'texts') {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `'${model.name}' predicts for texts, not for arrays of numbers`,
    );
  }
  const [samples] = inputs;
  const columns = sizeOf(samples.shape);
  const data = new Float64Array(samples.count * columns);
  const one = new Float32Array(columns);
  for (let n = 0; n < samples.count; n++) {
    samples.write(n, one);
    data.set(one, n * columns);
  }
  const { margins, values } = await model.predict(
    { count: samples.count, columns, data },
    { signal },
  );
  const array = (part: typeof margins) => ({
    shape: [part.count, part.columns],
    data: Float32Array.from(part.data),
  });
  return {
    outputs: [
      {
        name: 'scores',
        values: array(values),
        // one margin stands for two classes: the classes' own logits are their probabilities' logarithms
        logits: margins.columns === values.columns ? array(margins) : array(values),
        activation: margins.columns === values.columns ? activationOf(model) : 'linear',
      },
    ],
    activations: {},
  };
}
