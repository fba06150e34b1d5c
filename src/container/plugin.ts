/**
 * The three kinds of plugin, one shape: an `id`, what the plugin needs declared
 * as data, and one function that does the work.
 */
import type { Document, DocumentKind, Preprocess } from '../documents/document.js';
import type {
  Explanation,
  ExplanationKind,
  JsonValue,
  LayerChoice,
  NdArray,
  Picture,
  Target,
} from '../explanation.js';
import type {
  BatchOptions,
  ExplainableModel,
  ModelDescription,
  OutputValues,
  ScoreKind,
} from '../model/interface.js';
import type { Inferred } from '../model/infer.js';
import type { Rows, TabularModel } from '../model/tabular/interface.js';
import type { OptionSpecs, OptionValues } from '../options.js';

/** What kind of method an explainer is: lists of methods are grouped by it. */
export type ExplainerFamily = 'cam' | 'gradient' | 'perturbation' | 'tabular' | 'wrapper' | 'other';

/** What an explainer asks of a model. A model that lacks one of these is refused with the methods that would work. */
export interface ExplainerNeeds {
  readonly gradients?: boolean;
  readonly activations?: boolean;
  /** Needs a layer with spatial extent; the caller's or the default one is in `context.layer`. */
  readonly layer?: boolean;
  readonly fromLayer?: boolean;
  /** Needs global average pooling and a linear layer right behind its layer. */
  readonly linearHead?: boolean;
  /** A model whose coefficients are known. */
  readonly coefficients?: boolean;
  /** A model whose trees are known. */
  readonly trees?: boolean;
}

/** Everything an explainer works with. One call explains `N` samples with `T` targets each. */
export interface ExplainContext<Options = Readonly<Record<string, unknown>>> {
  /** The model as the caller gave it, for explainers of documents that are not numbers. */
  readonly native?: unknown;
  readonly model: ExplainableModel;
  /** A model of rows or texts; `model` is then a view of it that predicts in float32. */
  readonly tabular?: TabularModel;
  /** The documents as rows in the order of the model's features, if it is a model of rows. */
  readonly rows?: Rows;
  /** The documents, if it is a model of texts. */
  readonly texts?: readonly string[];
  readonly description: ModelDescription;
  /** One `[N, …]` array per model input, preprocessed. Never written to. */
  readonly inputs: readonly NdArray[];
  /** Index of the explained input; the others are held fixed. */
  readonly input: number;
  /** Smallest and largest value that the explained input can take, if the preprocessing tells. */
  readonly inputRange?: readonly [number, number];
  /** One document for each sample, of the explained input, by `kind`. */
  readonly documents: readonly Document[];
  /** `targets[sample]`; every sample has the same number. */
  readonly targets: readonly (readonly Target[])[];
  /** Class names by index, if they are known. */
  readonly labels?: readonly string[];
  readonly score: ScoreKind;
  /** Present if `needs.layer` is set. */
  readonly layer?: LayerChoice;
  /** Finds another layer by path or index; throws with the nearest names. */
  resolveLayer(layer?: string | number): LayerChoice;
  /** The explainer's own options, validated, defaults filled in. */
  readonly options: Options;
  readonly seed: number;
  /** Batch size, memory budget, abort signal and progress: pass on to every model call. */
  readonly batch: BatchOptions;
  /** The picture to lay the maps of sample `index` over, for explainers that make their own records. */
  picture?(index: number): Picture;
  /** Another explainer by id, for wrappers. */
  explainer(id: string): Explainer;
  /** Tells the reader something about sample `index`, or about all of them. */
  warn(message: string, index?: number): void;
}

/** Maps for `N` samples and `T` targets. */
export interface ExplainedMaps {
  readonly kind: 'maps';
  /** Outputs for the unchanged samples. */
  readonly outputs: readonly OutputValues[];
  /** `maps[sample][target]`, raw and signed; `[h, w]`, `[n]` or `[d, h, w]`. */
  readonly maps: readonly (readonly NdArray[])[];
  /** The layer that was really used, if it is not `context.layer`. */
  readonly layer?: LayerChoice;
  /** Facts found on the way, recorded with the options: one object for all samples, or one each. */
  readonly facts?:
    Readonly<Record<string, JsonValue>> | readonly Readonly<Record<string, JsonValue>>[];
}

/** Finished records of any kind, one for each sample. `estimator`, `method` and parameters are filled in if left empty. */
export interface ExplainedRecords {
  readonly kind: 'records';
  readonly explanations: readonly Explanation[];
}

/** What an explainer gives: maps, of which the pipeline makes records, or records of its own. */
export type Explained = ExplainedMaps | ExplainedRecords;

/**
 * What methods that fail the model-randomisation check say of themselves, as measured by
 * `npm run evaluate` (docs/evaluation.md); a test compares.
 */
export const SANITY = {
  head: "fails the model-randomisation check (on the demo's classifier): its map stays the same when the head of the model, which tells the classes apart, is re-drawn",
  weights:
    "fails the model-randomisation check (on the demo's classifier): its map stays much the same while the model's weights are re-drawn",
} as const;

/** A method as data: what it says of itself, its options, and the function that explains. Made by `explainer`, `layerMethod` and their like, or a class of your own. */
export interface Explainer<Id extends string = string, Specs extends OptionSpecs = OptionSpecs> {
  /** Also the name of its file, of its test and of its page. */
  readonly id: Id;
  readonly family: ExplainerFamily;
  /** What it does, in a few words: a line of `whylens methods`. Default: the first sentence of `description`. */
  readonly summary?: string;
  /** What the numbers mean, for the record's `description`. */
  readonly description: string;
  /** Author and year, or where it comes from. */
  readonly reference: string;
  /** Cost in words: `1 forward + 1 backward`. */
  readonly cost: string;
  readonly needs: ExplainerNeeds;
  readonly documents: readonly DocumentKind[];
  readonly options: Specs;
  /** True if the map does not depend on a target. */
  readonly ignoresTarget?: boolean;
  /** True if another `seed` may give another result. */
  readonly seeded?: boolean;
  /** Kinds of the records that it makes itself. Default: none, it gives maps over the document. */
  readonly records?: readonly ExplanationKind[];
  /** Set if the method does not pass the model-randomisation check, in words. */
  readonly sanity?: string;
  /**
   * What this explainer becomes with these options: a wrapper takes on the needs
   * and options of the method it wraps. `find` gives other explainers by id.
   */
  specialise?(given: Readonly<Record<string, unknown>>, find: (id: string) => Explainer): Explainer;
  /** The same method for rows and texts, where `this` is for pictures: its id, with other options. */
  readonly rows?: Explainer;
  /** Why it cannot serve this model of rows or texts, to follow "method 'x'": `needs the coefficients`. */
  lacks?(model: TabularModel): string | undefined;
  /** A reason why it cannot serve this model, beyond `needs`. */
  refuses?(description: ModelDescription): string | undefined;
  explain(context: ExplainContext): Promise<Explained>;
}

/** An explainer whose `explain` gets the options with the types that their declarations say. */
export interface ExplainerDefinition<Id extends string, Specs extends OptionSpecs> extends Omit<
  Explainer<Id, Specs>,
  'explain'
> {
  explain(context: ExplainContext<OptionValues<Specs>>): Promise<Explained>;
}

/**
 * An explainer as data: the options declared in it reach `explain` typed, and
 * its id and options complete calls of `explainPrediction`.
 *
 * @example
 * export const brightness = explainer({
 *   id: 'brightness',
 *   options: { gain: { type: 'number', default: 1, help: 'factor' } },
 *   explain: async ({ options: { gain } }) => …, // gain is a number
 *   …
 * });
 */
export function explainer<const Id extends string, const Specs extends OptionSpecs>(
  definition: ExplainerDefinition<Id, Specs>,
): Explainer<Id, Specs> {
  return definition;
}

/** What a formatter returns: text, or a picture, or rows. */
export interface Formatter<Output = unknown> {
  readonly id: string;
  readonly description: string;
  /** Kinds of record it renders. */
  readonly kinds: readonly ExplanationKind[];
  /** File name endings it is chosen by, without dot. */
  readonly extensions: readonly string[];
  readonly options: OptionSpecs;
  format(explanation: Explanation, options: Readonly<Record<string, unknown>>): Output;
}

/** Turns a native model into what explainers see. */
export interface ModelAdapter {
  readonly id: string;
  /** For messages: "a TensorFlow.js layers model". */
  readonly recognizes: string;
  /** By shape, not by class: the model may come from another copy of its library. */
  recognize(model: unknown): boolean;
  adapt(model: unknown, options: AdaptOptions): Promise<ExplainableModel>;
  /** Class names and preprocessing, where the model carries them; what the caller says goes before it. */
  knows?(model: unknown): KnownOfModel;
}

/** What a live model tells beside its numbers. */
export interface KnownOfModel {
  readonly labels?: readonly string[];
  readonly preprocess?: Preprocess;
  /** From what each of them was taken, for the record. */
  readonly inferred?: Inferred;
}

/** What an adapter is told about a model beside the model itself. */
export interface AdaptOptions {
  readonly name?: string;
  /** Which engine to run on, if there is a choice: `onnxruntime`, `onnxruntime-web`, `tfjs` or `auto`. */
  readonly engine?: string;
  /** Threads of one operation, if the engine has them. */
  readonly threads?: number;
  /** Which backend of TensorFlow.js to run on. */
  readonly backend?: string;
  /** Shape of one sample, for models that do not tell. */
  readonly inputShape?: readonly number[];
  /** What a function's scores are, which it cannot tell. Default `'linear'`: the scores as they are. */
  readonly outputActivation?: 'softmax' | 'sigmoid' | 'linear';
}
