import { explainer, SANITY, type ExplainContext } from '../src/container/plugin.js';
import type { JsonValue, NdArray } from '../src/explanation.js';
import { multiply, splitShape, total } from '../src/maths/channels.js';
import { psiAndTotal, SumOfMaps, type Rescale } from '../src/maths/full-grad.js';
import { sampleOf } from '../src/maths/ndarray.js';
import { inputName, OutputCollector } from './shared/input-calls.js';
import { ndSamples } from '../src/model/interface.js';
import {
  groupByOutputs,
  offsetTerms,
  scoreOffset,
  type LayerValues,
  type OffsetTerm,
} from './shared/linearise.js';
import type { OptionSpecs } from '../src/options.js';

const options = {
  rescale: {
    type: 'choice',
    choices: ['layer', 'channel', 'none'],
    default: 'layer',
    help: "what is scaled to [0, 1] before it is summed: a layer's whole term, each channel, nothing",
  },
  offsets: {
    type: 'boolean',
    default: true,
    help: 'also map what units with an offset add (ReLU6 at its ceiling, smooth activations)',
  },
} as const satisfies OptionSpecs;

/** Share of the score that rounding does not explain. */
const NOTICEABLE = 0.01;

/**
 * What the terms of one sample and target sum to; the gap is input + bias + offset − score, 0 up
 * to rounding if every unit is understood.
 */
interface Completeness extends Readonly<Record<string, JsonValue>> {
  readonly input: number;
  readonly bias: number;
  readonly offset: number;
  readonly gap: number;
}

/**
 * FullGrad (Srinivas and Fleuret 2019, eq. 5):
 * Σ_c ψ(x·∂s/∂x) + Σ_layers Σ_c ψ(b·∂s/∂z), with ψ the magnitude, scaled to
 * [0, 1] per layer and resized to the input. Biases of normalisation layers
 * count with the layer's own epsilon. Never negative.
 *
 * Units that are not homogeneous add (f(x) − f'(x)·x)·∂s/∂y each, as maps of
 * their own: for ReLU6, 6·∂s/∂y at the ceiling. With them the terms sum to the
 * score; how far they miss it is recorded as the completeness gap.
 *
 * Prefer `integrated-gradients` for signed shares of the input alone.
 */
export const fullGrad = explainer({
  id: 'full-grad',
  summary: 'gradients of the input and of all biases together',
  family: 'gradient',
  description:
    'Large values are where the input and the biases of all layers, scaled layer by layer, carry weight for the score, in either direction.',
  reference: 'Srinivas 2019',
  cost: '1 forward + 1 backward per target',
  needs: { gradients: true, activations: true },
  sanity: SANITY.head,
  documents: ['image', 'array'],
  options,

  async explain(context) {
    const { rescale, offsets } = context.options;
    const name = inputName(context);
    const collector = new OutputCollector(context.targets.length);
    const maps: NdArray[][] = context.targets.map(() => []);
    const completeness: Completeness[][] = context.targets.map(() => []);
    const [{ name: first }] = context.description.outputs;
    for (const group of groupByOutputs(context.targets, first)) {
      const { terms, unknown, inputs } = offsetTerms(context.model, group.outputs);
      if (unknown.length > 0) {
        context.warn(
          `full-grad cannot tell what the activation of ${unknown.join(', ')} adds to the score: the completeness gap contains it, the map lacks it`,
        );
      }
      // inputs held fixed are constants of the score too
      const others = inputs.filter((other) => other !== name);
      await context.model.differentiate({
        inputs: context.inputs.map(ndSamples),
        targets: context.targets.map((list) => group.indices.map((t) => list[t])),
        score: context.score,
        wrt: [name, ...others],
        layers: [...new Set(terms.flatMap(({ reads }) => reads))],
        ...context.batch,
        // every layer's gradients are reduced to one map and forgotten, chunk by chunk
        onChunk: (chunk) => {
          const room = roomFor(Object.values(chunk.activations));
          for (let i = 0; i < chunk.count; i++) {
            const n = chunk.offset + i;
            collector.take(n, chunk, i);
            group.indices.forEach((t, k) => {
              const values: LayerValues = {
                activation: (path) => sampleOf(chunk.activations[path], i),
                gradient: (path) => sampleOf(chunk.gradients[path][k], i),
              };
              const share = (input: string) =>
                multiply(
                  sampleOf(context.inputs[indexOf(context, input)], n),
                  values.gradient(input),
                );
              const { map, sums } = sumTerms(share(name), terms, values, {
                rescale,
                offsets,
                room,
              });
              for (const other of others) sums.input += total(share(other).data);
              sums.offset += scoreOffset(context.targets[n][t], chunk.outputs, i, context.score);
              const gap = sums.input + sums.bias + sums.offset - chunk.scores[i][k];
              maps[n][t] = map;
              completeness[n][t] = { ...sums, gap };
              const size = Math.max(Math.abs(chunk.scores[i][k]), Math.abs(sums.bias));
              if (unknown.length === 0 && Math.abs(gap) > NOTICEABLE * size) {
                context.warn(
                  `full-grad's terms sum to ${(chunk.scores[i][k] + gap).toPrecision(3)}, the score is ${chunk.scores[i][k].toPrecision(3)}: the model has layers that are neither linear nor value by value (attention, layer normalisation, a custom layer), and the map lacks what they add`,
                  n,
                );
              }
            });
          }
        },
      });
    }
    const facts = completeness.map((list) => ({
      completenessGap: list.map(({ gap }) => gap),
      completeness: list,
    }));
    return { kind: 'maps', outputs: collector.result(), maps, facts };
  },
});

function indexOf({ description }: ExplainContext, input: string): number {
  return description.inputs.findIndex(({ name }) => name === input);
}

/** One array that holds any layer's values of one sample: a new one for each term is mostly work for the garbage collector. */
function roomFor(activations: readonly NdArray[]): Float32Array {
  return new Float32Array(
    activations.reduce((most, { shape, data }) => Math.max(most, data.length / shape[0]), 0),
  );
}

/** The terms of one sample and target: ψ of each added up, and the plain sums by kind. */
function sumTerms(
  input: NdArray,
  terms: readonly OffsetTerm[],
  values: LayerValues,
  how: { readonly rescale: Rescale; readonly offsets: boolean; readonly room: Float32Array },
) {
  const { rescale, offsets, room } = how;
  const map = new SumOfMaps(splitShape(input.shape).space);
  const own = psiAndTotal(input, rescale);
  map.add(own.map);
  const sums = { input: own.total, bias: 0, offset: 0 };
  for (const term of terms) {
    const { map: own, total } =
      (rescale === 'layer' ? term.perLayer?.(values) : undefined) ??
      psiAndTotal(term.evaluate(values, room), rescale);
    sums[term.kind] += total;
    if (term.kind === 'bias' || offsets) map.add(own);
  }
  return { map: map.result(), sums };
}
