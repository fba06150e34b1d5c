import { explainer, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import type { Concept, ConceptsExplanation, NdArray } from '../src/explanation.js';
import { channelsOf } from '../src/maths/cam.js';
import { factorizeNonNegative } from '../src/maths/nmf.js';
import { asPartOf, recordLayer, repeatSample } from './shared/calls.js';
import type { Samples } from '../src/model/interface.js';
import { targetFacts } from '../src/model/target-facts.js';
import { concreteTarget } from '../src/model/targets.js';
import { inSpace, TOKEN_OPTIONS } from './shared/token-grid.js';

/**
 * Deep feature factorisation (Collins et al. 2018): the layer's activations as
 * a sum of `concepts` non-negative parts, each a map times a channel vector,
 * A ≈ Σ_i W_i ⊗ H_i. Gives a record of kind `concepts`, largest part first:
 * W_i `[h, w]` in units of activation (H_i has length 1), and the score of each
 * target when the layer holds that part alone.
 *
 * Negative activations count as 0; a warning says so. Seeded: another seed may find other parts if
 * several explain the layer equally well.
 *
 * Prefer a method with a target to see why one class was chosen.
 */
export const dff = explainer({
  id: 'dff',
  summary: 'parts of the picture that a layer treats alike',
  family: 'cam',
  description:
    'Each concept is a part of the picture that the layer treats alike: values are how strongly it is present, scores what the model says of the concept alone.',
  reference: 'Collins 2018',
  cost: '1 forward + 1 run from the layer per concept',
  needs: { activations: true, layer: true, fromLayer: true },
  seeded: true,
  documents: ['image', 'array'],
  records: ['concepts'],
  options: {
    ...TOKEN_OPTIONS,
    concepts: {
      type: 'number',
      default: 5,
      min: 1,
      integer: true,
      help: 'How many parts the activations are split into',
    },
  },

  async explain(context) {
    const { score, labels } = context;
    const parts = context.options.concepts;
    const samples = context.targets.length;
    const total = samples * (1 + parts);
    requirePicture(context);
    const { outputs, activations } = await asPartOf(context.batch, 0, total, (batch) =>
      recordLayer(context, batch),
    );
    const explanations: ConceptsExplanation[] = [];
    for (const [n, A] of activations.entries()) {
      const targets = context.targets[n].map((target) => concreteTarget(target, outputs, n));
      const places = inSpace(context, A);
      const { left, right, error } = factorize(context, places, parts, n);
      const variants = partsAlone(A, places, left, right, parts);
      const alone = await asPartOf(context.batch, samples + n * parts, total, (batch) =>
        context.model.run({
          inputs: repeatSample(context, n),
          from: { layer: context.layer!.path, activations: variants },
          ...batch,
        }),
      );
      const shape = places.shape.slice(0, -1);
      const concepts = Array.from({ length: parts }, (_, i): Concept => ({
        name: `concept ${i + 1}`,
        heatmap: { shape, data: columnOf(left, parts, i) },
        scores: targets.map((target) => targetFacts(target, alone.outputs, i, score, labels)),
      }));
      explanations.push({
        kind: 'concepts',
        estimator: '',
        method: this.id,
        description: this.description,
        isRegression: targets.every(({ kind }) => kind === 'regression'),
        parameters: { relativeError: error },
        warnings: [],
        image: context.picture!(n),
        layer: { ...context.layer!, shape: A.shape },
        concepts,
        targets: targets.map((target) => targetFacts(target, outputs, n, score, labels)),
      });
    }
    return { kind: 'records', explanations };
  },
});

function requirePicture({ inputs, input, picture }: ExplainContext): void {
  const { shape } = inputs[input];
  if (shape.length === 4 && picture !== undefined) return;
  throw new WhylensError(
    'INVALID_DOCUMENT',
    `dff draws its concepts over a picture, so the explained input must be [height, width, channels], got [${shape.slice(1).join(', ')}]; eigen-cam shows the main pattern of any layer`,
  );
}

function factorize(context: ExplainContext, places: NdArray, parts: number, n: number) {
  if (places.data.some((value) => value < 0)) {
    context.warn(
      `the activations of layer '${context.layer!.path}' are negative in places; parts are non-negative, so those were taken as 0`,
      n,
    );
  }
  const channels = channelsOf(places);
  return factorizeNonNegative(
    places.data.map((value) => Math.max(value, 0)),
    places.data.length / channels,
    channels,
    { parts, seed: context.seed },
  );
}

/** Variant `i`: the activations made of part `i` alone; class and register tokens stay as they are. */
function partsAlone(
  A: NdArray,
  places: NdArray,
  left: Float64Array,
  right: Float64Array,
  parts: number,
): Samples {
  const channels = channelsOf(A);
  const start = (places.data.byteOffset - A.data.byteOffset) / A.data.BYTES_PER_ELEMENT;
  return {
    count: parts,
    shape: A.shape,
    write(i, into) {
      into.set(A.data);
      for (let at = 0; at < places.data.length; at++) {
        const place = Math.floor(at / channels);
        into[start + at] = left[place * parts + i] * right[i * channels + (at % channels)];
      }
    },
  };
}

function columnOf(matrix: Float64Array, columns: number, column: number): Float32Array {
  return Float32Array.from(
    { length: matrix.length / columns },
    (_, row) => matrix[row * columns + column],
  );
}
