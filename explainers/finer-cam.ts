import { explainer } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { Target } from '../src/explanation.js';
import { gradCamMap } from '../src/maths/cam.js';
import { sampleOf } from '../src/maths/ndarray.js';
import { softmax } from '../src/maths/masks.js';
import { asPartOf, differentiateFrom } from './shared/calls.js';
import { ndSamples, type OutputValues } from '../src/model/interface.js';
import {
  classTarget,
  concreteTarget,
  describeTarget,
  weightedTarget,
} from '../src/model/targets.js';
import { TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Finer-CAM (Zhang et al. 2025): `grad-cam` of the class's score minus α times
 * that of the classes most like it, so that what they share cancels out. Raw,
 * signed map `[h, w]`. `rivals: 'plain'` subtracts their mean; `'probability'`
 * weights them by their probabilities among each other and differentiates
 * those weights too, as pytorch-grad-cam does.
 *
 * Needs a class of an output with several; for two classes of your own choice
 * explain the target "a rather than b" with any other method.
 */
export const finerCam = explainer({
  id: 'finer-cam',
  summary: 'what tells a class from the classes most like it',
  family: 'cam',
  description:
    'Positive values are where the layer saw what tells the target from the classes most like it, negative values what speaks for those.',
  reference: 'Zhang 2025',
  cost: '1 forward + 1 forward and backward from the layer on per target',
  needs: { gradients: true, activations: true, layer: true, fromLayer: true },
  documents: ['image', 'array'],
  options: {
    ...TOKEN_OPTIONS,
    alpha: {
      type: 'number',
      default: 1,
      min: 0,
      help: 'How much of the rivals is subtracted; 0 gives grad-cam',
    },
    count: {
      type: 'number',
      default: 3,
      min: 1,
      integer: true,
      help: 'How many classes with the most similar logits are rivals',
    },
    rivals: {
      type: 'choice',
      choices: ['plain', 'probability'],
      default: 'plain',
      help: 'Mean of the rivals, or weighted by their probabilities (logit scores only)',
    },
  },

  async explain(context) {
    const { alpha, count, rivals } = context.options;
    if (rivals === 'probability' && context.score !== 'logit') {
      throw new WhylensError(
        'INVALID_OPTION',
        `option 'rivals' of finer-cam must be 'plain' with score '${context.score}': the probabilities weight logits. Use rivals 'plain' or score 'logit'`,
      );
    }
    const samples = context.targets.length;
    const layer = context.layer!.path;
    const { outputs, activations } = await asPartOf(context.batch, 0, 2 * samples, (batch) =>
      context.model.run({ inputs: context.inputs.map(ndSamples), record: [layer], ...batch }),
    );
    const found = context.targets.map((targets, n) =>
      targets.map((target) => rivalsOf(concreteTarget(target, outputs, n), outputs, n, count)),
    );
    const targets = found.map((list) =>
      list.map(({ own, classes, logits, output }) => {
        const weights =
          rivals === 'plain' ? classes.map(() => 1 / classes.length) : probabilityWeights(logits);
        return weightedTarget([
          { target: own, weight: 1 },
          ...classes.map((index, i) => ({
            target: classTarget(index, output),
            weight: -alpha * weights[i],
          })),
        ]);
      }),
    );
    // the rivals are known only now: backward from the outputs, but forward from the layer alone
    const maps = await asPartOf(context.batch, samples, 2 * samples, (batch) =>
      differentiateFrom({ ...context, targets, batch }, activations[layer], gradCamMap),
    );
    return {
      kind: 'maps',
      outputs,
      maps,
      facts: found.map((list) => ({ rivalClasses: list.map(({ classes }) => classes) })),
    };
  },
});

interface Rivals {
  readonly own: Target;
  readonly output: string | undefined;
  /** The classes whose logits lie nearest to the target's, nearest first … */
  readonly classes: readonly number[];
  /** … and those logits. */
  readonly logits: readonly number[];
}

function rivalsOf(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
  count: number,
): Rivals {
  const name = target.kind === 'class' ? target.output : undefined;
  const output = outputs.find((o) => o.name === name) ?? outputs[0];
  const { data } = sampleOf(output.logits, n);
  if (target.kind !== 'class' || data.length < 2) {
    throw new WhylensError(
      'INVALID_TARGET',
      `finer-cam compares a class with the classes most like it, so its target must be a class of an output with at least 2, got '${describeTarget(target)}' of output '${output.name}' with ${data.length}. Use grad-cam for it`,
    );
  }
  const own = data[target.index];
  const classes = Array.from(data, (_, index) => index)
    .filter((index) => index !== target.index)
    .sort((a, b) => Math.abs(data[a] - own) - Math.abs(data[b] - own) || a - b)
    .slice(0, count);
  return { own: target, output: name, classes, logits: classes.map((index) => data[index]) };
}

/** d/ds_d of Σ q_d s_d with q = softmax over the rivals: q_d·(1 + s_d − Σ q s). */
function probabilityWeights(logits: readonly number[]): number[] {
  const q = softmax(logits);
  const mean = logits.reduce((sum, s, i) => sum + q[i] * s, 0);
  return logits.map((s, i) => q[i] * (1 + s - mean));
}
