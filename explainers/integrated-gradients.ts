import { explainer, type ExplainContext } from '../src/container/plugin.js';
import type { NdArray } from '../src/explanation.js';
import { baselineOf, BASELINE_EXPECTS, isBaseline, parseBaseline } from '../src/maths/baseline.js';
import { reduceChannels, total } from '../src/maths/channels.js';
import { sampleOf, sizeOf, stack } from '../src/maths/ndarray.js';
import { gaussLegendre, trapezoid, type Quadrature } from '../src/maths/quadrature.js';
import {
  areDefinite,
  inputName,
  OutputCollector,
  runPlain,
  withOthersHeld,
} from './shared/input-calls.js';
import { ndSamples, type Samples } from '../src/model/interface.js';
import { scoreOf } from '../src/model/targets.js';
import type { OptionSpecs } from '../src/options.js';

const options = {
  steps: {
    type: 'number',
    calls: true,
    integer: true,
    min: 1,
    default: 50,
    help: 'intervals of the path (trapezoid) or points on it (gauss-legendre)',
  },
  baseline: {
    type: 'value',
    expects: BASELINE_EXPECTS,
    check: isBaseline,
    parse: parseBaseline,
    default: undefined,
    help: 'where the path starts; black if the range of the input is known, otherwise 0',
  },
  quadrature: {
    type: 'choice',
    choices: ['trapezoid', 'gauss-legendre'],
    default: 'trapezoid',
    help: 'how the integral along the path becomes a sum',
  },
} as const satisfies OptionSpecs;

/**
 * Integrated gradients (Sundararajan et al. 2017, eq. 1):
 * Σ_c (x − b) · ∫₀¹ ∂s/∂x (b + α(x − b)) dα at every position, the integral by
 * the trapezoid rule over 50 intervals. Signed; the values sum to s(x) − s(b)
 * up to the completeness gap, which is recorded.
 *
 * The points of the path are made one by one and their gradients summed at once, so memory does
 * not grow with `steps`.
 *
 * Prefer `saliency` for one backward pass, `occlusion` for a model without gradients.
 */
export const integratedGradients = explainer({
  id: 'integrated-gradients',
  summary: 'what each pixel adds, from a baseline to the picture',
  family: 'gradient',
  description:
    'Positive values are where the input, compared with the baseline, raised the score, negative values where it lowered it; they sum to the difference of the two scores.',
  reference: 'Sundararajan 2017',
  cost: '51 forward + 51 backward per target (steps + 1)',
  needs: { gradients: true },
  documents: ['image', 'array'],
  options,

  async explain(context) {
    const { steps, quadrature } = context.options;
    const choice = context.options.baseline ?? (context.inputRange === undefined ? 0 : 'black');
    const samples = context.inputs[context.input];
    const count = samples.shape[0];
    const baselines = context.targets.map((_, n) =>
      baselineOf(choice, sampleOf(samples, n), context.inputRange),
    );
    const path =
      quadrature === 'trapezoid'
        ? // the path's ends are points of the rule: their scores come with the gradients
          await integrate(context, baselines, trapezoid(steps))
        : await integrate(context, baselines, gaussLegendre(steps), true);
    const facts: { baseline?: string | number; completenessGap: number[] }[] = [];
    const maps = Array.from({ length: count }, (_, n) => {
      const { data } = sampleOf(samples, n);
      const gaps: number[] = [];
      const list = path.integrals[n].map((integral, t) => {
        const attribution = integral.map((g, i) => g * (data[i] - baselines[n].data[i]));
        gaps.push(total(attribution) - (path.scores[n][t] - path.startScores[n][t]));
        const shape = samples.shape.slice(1);
        return reduceChannels({ shape, data: Float32Array.from(attribution) }, 'sum');
      });
      facts.push({
        ...(typeof choice === 'object' ? {} : { baseline: choice }),
        completenessGap: gaps,
      });
      return list;
    });
    return { kind: 'maps', outputs: path.outputs, maps, facts };
  },
});

/** Gradients averaged along the path, and the scores at its two ends. */
async function integrate(
  context: ExplainContext,
  baselines: readonly NdArray[],
  { nodes, weights }: Quadrature,
  runEnds = false,
) {
  const samples = context.inputs[context.input];
  const name = inputName(context);
  const points = nodes.length;
  const count = samples.shape[0];
  const shape = samples.shape.slice(1);
  const size = sizeOf(shape);
  const plain = runEnds || !areDefinite(context.targets) ? await runPlain(context) : undefined;
  const targets = plain?.targets ?? context.targets;
  const scores: number[][] = context.targets.map((_, n) => [...(plain?.scores[n] ?? [])]);
  const startScores: number[][] = runEnds ? await scoresAt(context, baselines, targets) : [];
  const collector = new OutputCollector(count);
  const integrals = targets.map((list) => list.map(() => new Float64Array(size)));
  const variants: Samples = {
    count: count * points,
    shape,
    write(index, into) {
      const n = Math.floor(index / points);
      const alpha = nodes[index % points];
      const from = baselines[n].data;
      const to = sampleOf(samples, n).data;
      const rest = 1 - alpha;
      // b + α(x − b) misses x by rounding at α = 1
      for (let i = 0; i < into.length; i++) into[i] = rest * from[i] + alpha * to[i];
    },
  };
  await context.model.differentiate({
    inputs: withOthersHeld(context, variants, (index) => Math.floor(index / points)),
    targets: Array.from({ length: count * points }, (_, i) => targets[Math.floor(i / points)]),
    score: context.score,
    wrt: [name],
    ...context.batch,
    onChunk(chunk) {
      for (let i = 0; i < chunk.count; i++) {
        const n = Math.floor((chunk.offset + i) / points);
        const point = (chunk.offset + i) % points;
        integrals[n].forEach((integral, t) => {
          const { data } = chunk.gradients[name][t];
          const weight = weights[point];
          for (let j = 0, at = i * size; j < size; j++, at++) integral[j] += weight * data[at];
        });
        if (!runEnds && point === 0) startScores[n] = [...chunk.scores[i]];
        if (!runEnds && point === points - 1) {
          scores[n] = [...chunk.scores[i]];
          collector.take(n, chunk, i);
        }
      }
    },
  });
  return { integrals, scores, startScores, outputs: plain?.outputs ?? collector.result() };
}

/** Scores of the baselines, by a forward pass. */
async function scoresAt(
  context: ExplainContext,
  baselines: readonly NdArray[],
  targets: ExplainContext['targets'],
): Promise<number[][]> {
  const { outputs } = await context.model.run({
    inputs: withOthersHeld(context, ndSamples(stack(baselines)), (n) => n),
    ...context.batch,
    onProgress: undefined,
  });
  return targets.map((list, n) => list.map((t) => scoreOf(t, outputs, n, context.score)));
}
