/** Makes records of what an explainer found and what the caller asked. */
import type { ExplainedMaps, ExplainedRecords, Explainer } from '../container/plugin.js';
import type { Registry } from '../container/registry.js';
import type { Document } from '../documents/document.js';
import { pictureOf } from '../documents/rebuild.js';
import { WhylensError } from '../errors.js';
import type { ExplainOptions } from './explain-options.js';
import type { Prepared } from './prepare.js';
import type {
  Explanation,
  JsonValue,
  LayerChoice,
  MapTarget,
  NdArray,
  Picture,
  Target,
} from '../explanation.js';
import { firstNotFinite, sampleOf } from '../maths/ndarray.js';
import type { ScoreKind } from '../model/interface.js';
import { filterOf } from './inputs.js';
import { targetFacts } from '../model/target-facts.js';
import { concreteTarget, describeTarget } from '../model/targets.js';

interface About {
  readonly explainer: Explainer;
  readonly prepared: Prepared;
  readonly validated: Readonly<Record<string, unknown>>;
  readonly options: ExplainOptions;
  /** Option `image`, read. */
  readonly image: Picture | undefined;
  readonly score: ScoreKind;
  readonly seed: number;
  readonly warnings: ReadonlyMap<number | undefined, readonly string[]>;
  readonly registry: Registry;
}

interface MapsAbout extends About {
  /** One a sample, of the explained input. */
  readonly samples: readonly Document[];
  readonly inputs: readonly NdArray[];
  readonly input: number;
  readonly targets: readonly (readonly Target[])[];
  readonly layer?: LayerChoice;
}

export function assembleMaps(explained: ExplainedMaps, about: MapsAbout): Explanation[] {
  const { outputs, maps } = explained;
  const { explainer, prepared, score, inputs, input } = about;
  for (const { name, logits } of outputs) {
    const bad = logits.data.findIndex((value) => Number.isNaN(value));
    if (bad !== -1) {
      throw new WhylensError(
        'MODEL_OUTPUT',
        `the model '${prepared.description.name}' gave NaN in its output '${name}' (value ${bad}); check its weights and the range of the document's values`,
      );
    }
  }
  const layer = explained.layer ?? about.layer;
  return maps.map((perTarget, n): Explanation => {
    const warnings = [...(about.warnings.get(undefined) ?? []), ...(about.warnings.get(n) ?? [])];
    const targets = perTarget.map((heatmap, t): MapTarget => {
      requireFinite(heatmap, explainer.id);
      const definition = concreteTarget(about.targets[n][t], outputs, n);
      const tokens = inputs[input].shape.length === 4 && layer?.shape.length === 2;
      const why = emptyReason(heatmap, explainer, score, tokens);
      if (why !== undefined)
        warnings.push(`${describeTarget(definition, prepared.labels)}: ${why}`);
      return { ...targetFacts(definition, outputs, n, score, prepared.labels), heatmap };
    });
    const facts = Array.isArray(explained.facts) ? explained.facts[n] : explained.facts;
    const sample = sampleOf(inputs[input], n);
    const base = {
      estimator: prepared.description.name,
      method: explainer.id,
      description: explainer.description,
      isRegression: targets.every(({ definition }) => definition?.kind === 'regression'),
      parameters: parametersOf(about, pictureOfSample(about.samples[n]), facts),
      warnings,
      targets,
      ...(layer === undefined ? {} : { layer: layerShape(layer) }),
      ...(inputs.length > 1 ? { input: prepared.description.inputs[input].name } : {}),
    };
    const rank = sample.shape.length;
    const own = () => ({ shape: sample.shape, data: sample.data.slice() });
    if (rank <= 2) return { kind: 'signal', ...base, signal: own() };
    if (rank >= 4) return { kind: 'volume', ...base, volume: own() };
    return { kind: 'image', ...base, image: pictureFor(about, about.samples[n], sample) };
  });
}

/** Records that an explainer made itself get the fields that it left empty. */
export function completeRecords(
  { explanations }: ExplainedRecords,
  about: About & Pick<MapsAbout, 'samples' | 'inputs'>,
): Explanation[] {
  const { explainer, prepared } = about;
  return explanations.map((explanation, n) => ({
    ...explanation,
    estimator: explanation.estimator || prepared.description.name,
    method: explanation.method || explainer.id,
    description: explanation.description || explainer.description,
    parameters: {
      ...parametersOf(
        about,
        about.inputs.length === 0 ? undefined : pictureOfSample(about.samples[n]),
      ),
      ...explanation.parameters,
    },
    warnings: [
      ...explanation.warnings,
      ...(about.warnings.get(undefined) ?? []),
      ...(about.warnings.get(n) ?? []),
    ],
  }));
}

/** The picture that a sample is shown over: the caller's, the document, or one rebuilt from the array. */
export function pictureFor(
  { image, prepared }: Pick<About, 'image' | 'prepared'>,
  document: Document,
  sample: NdArray,
): Picture {
  if (image !== undefined) return copyOf(image);
  return document.kind === 'image'
    ? copyOf(document.picture)
    : pictureOf(sample, prepared.preprocess);
}

function pictureOfSample(document: Document): Picture | undefined {
  return document.kind === 'image' ? document.picture : undefined;
}

/** The record has its own copy of the picture: the caller may draw on his afterwards. */
function copyOf({ width, height, mode, data }: Picture): Picture {
  return { width, height, mode, data: data.slice() };
}

const TOOK_PART = [
  'resize',
  'input',
  'inputShape',
  'outputActivation',
  'batchSize',
  'memoryBudget',
  'maxMemory',
  'backend',
] as const;

function parametersOf(
  { validated, options, score, seed, explainer, prepared }: About,
  picture: Picture | undefined,
  facts: Readonly<Record<string, JsonValue>> = {},
): Record<string, JsonValue> {
  const parameters: Record<string, JsonValue> = { score, seed };
  const { engine } = prepared.description;
  for (const name of TOOK_PART) {
    const value = options[name];
    if (value !== undefined) parameters[name] = asJson(value, explainer.id);
  }
  if (engine !== undefined) {
    const { name, threads, backend } = engine;
    parameters.engine = name;
    if (threads !== undefined) parameters.threads = threads;
    if (backend !== undefined) parameters.backend = backend;
  }
  if (picture !== undefined) parameters.resize = filterOf(prepared.preprocess, options);
  if (prepared.preprocess !== undefined) {
    parameters.preprocess = asJson(prepared.preprocess, explainer.id);
  }
  if (prepared.inferred !== undefined) {
    parameters.inferred = asJson(prepared.inferred, explainer.id);
  }
  for (const [name, value] of Object.entries(validated))
    parameters[name] = asJson(value, explainer.id);
  return { ...parameters, ...facts };
}

/** Arrays become lists, functions and pictures are described. */
function asJson(value: unknown, owner: string): JsonValue {
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map((item) => asJson(item, owner));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, asJson(item, owner)]));
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value as JsonValue;
}

function requireFinite({ data, shape }: NdArray, method: string): void {
  const bad = firstNotFinite(data);
  if (bad === -1) return;
  throw new WhylensError(
    'MODEL_OUTPUT',
    `method '${method}' came to ${data[bad]} at position ${bad} of a map [${shape.join(', ')}]: the model's activations or gradients are not finite there. Check its weights and the range of the document's values`,
  );
}

/** Why nothing would be seen of a map; undefined if something is. */
function emptyReason(
  { data }: NdArray,
  explainer: Explainer,
  score: ScoreKind,
  tokens: boolean,
): string | undefined {
  if (data.some((value) => value > 0)) return undefined;
  if (data.some((value) => value < 0)) {
    return 'the map has no positive value: every place speaks against this target; show the negative part, or explain the top class';
  }
  if (explainer.needs.gradients !== true)
    return 'the map is zero everywhere: none of the changes changed the score';
  return score === 'output'
    ? "the map is zero everywhere: the output is saturated or does not depend on the layer here; try score 'logit'"
    : `the map is zero everywhere: all gradients vanish, so the score does not depend on the layer for this document${
        tokens
          ? '; if only a class token is read behind it, as in vision transformers, name a layer before the last attention'
          : ''
      }`;
}

function layerShape(layer: LayerChoice): LayerChoice {
  return { ...layer, shape: [...layer.shape] };
}
