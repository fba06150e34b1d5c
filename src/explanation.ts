/**
 * The record that every explainer returns and every formatter reads: plain data,
 * a union discriminated by `kind`. It survives `structuredClone` and the JSON
 * formatter; it holds no tensor, no handle and no class instance.
 */

/** Anything JSON can hold. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Numbers with a shape, row-major, channels last. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A raw map: signed, at the resolution it was computed at, never clipped or scaled. */
export type Heatmap = NdArray;

/** Samples of a picture: grey, colour, or colour with straight (not premultiplied) alpha. */
export type PictureMode = 'L' | 'RGB' | 'RGBA';

/**
 * A picture as plain data: 8-bit samples, row by row, channels interleaved.
 * With mode `RGBA` it has the fields of a browser's `ImageData`.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly mode: PictureMode;
  readonly data: Uint8ClampedArray;
}

/** What was explained, as data: see `src/model/targets.ts` for the constructors. */
export type Target =
  | { readonly kind: 'top'; readonly rank: number; readonly output?: string }
  | { readonly kind: 'class'; readonly index: number; readonly output?: string }
  | { readonly kind: 'negative'; readonly index: number; readonly output?: string }
  | {
      readonly kind: 'regression';
      readonly index: number;
      readonly sign: 1 | -1;
      readonly output?: string;
    }
  | {
      readonly kind: 'weighted';
      readonly terms: readonly { readonly target: Target; readonly weight: number }[];
    }
  | {
      readonly kind: 'mask';
      /** Channel of the output whose mean over the mask is the score. */
      readonly index: number;
      /** Spatial shape of the output, weights per position (usually 0 and 1). */
      readonly mask: { readonly shape: readonly number[]; readonly data: readonly number[] };
      readonly output?: string;
    }
  | {
      readonly kind: 'similarity';
      readonly vector: readonly number[];
      readonly output?: string;
    }
  | {
      readonly kind: 'element';
      /** Index into one sample's output, one number for each axis (a detector's box and class). */
      readonly index: readonly number[];
      readonly output?: string;
    };

/** What all records have. */
export interface ExplanationBase {
  /** Name of the model. */
  readonly estimator: string;
  /** Id of the explainer. */
  readonly method: string;
  /** What the numbers mean, in a sentence or two. */
  readonly description: string;
  readonly isRegression: boolean;
  /** Every option that took part, seed included. */
  readonly parameters: Readonly<Record<string, JsonValue>>;
  /** What the reader must know before believing the record. */
  readonly warnings: readonly string[];
}

/** One of the classes with its probability. */
export interface ClassShare {
  readonly target: number;
  /** Class name, where labels are known. */
  readonly label?: string;
  readonly proba: number;
}

/** The class that the model gives the highest score. */
export interface TopClass {
  /** Class index, or a name if there is no index. */
  readonly target: number | string;
  /** Class name, if labels are known. */
  readonly label?: string;
  /** Softmax or sigmoid probability, if the model has one. */
  readonly proba?: number;
}

/** What all targets have. */
export interface TargetBase {
  /** Class index, or a name if there is no index. */
  readonly target: number | string;
  /** The data that defines the target. */
  readonly definition?: Target;
  /** Class name, if labels are known, or the target in words. */
  readonly label?: string;
  /** The number that was explained (differentiated, perturbed). */
  readonly score?: number;
  /** Softmax or sigmoid probability, if the model has one. */
  readonly proba?: number;
  /** Place of the class among the classes of its output by score, from 0: the top class. Left out if the target is no single class. */
  readonly rank?: number;
  /** The top class of the same output, if that is another one (`rank` above 0). */
  readonly top?: TopClass;
}

/** The layer whose activations were explained, and why that one. */
export interface LayerChoice {
  readonly path: string;
  /** Output shape without the batch axis, channels last. */
  readonly shape: readonly number[];
  /** Why it was taken: named by the caller, or the rule that chose it. */
  readonly reason: string;
  /** The layers that came next in the choice, nearest to the output first. */
  readonly runnersUp: readonly { readonly path: string; readonly shape: readonly number[] }[];
}

export interface MapTarget extends TargetBase {
  readonly score: number;
  /** Rank 1 for signals, 2 for images (height, width), 3 for volumes. */
  readonly heatmap: Heatmap;
}

interface MapExplanation extends ExplanationBase {
  readonly targets: readonly MapTarget[];
  readonly layer?: LayerChoice;
  /** Name of the explained input, for models with several. */
  readonly input?: string;
}

/** Which pixels: one map for each target over one picture. */
export interface ImageExplanation extends MapExplanation {
  readonly kind: 'image';
  readonly image: Picture;
}

/** Which moments: maps over a one-dimensional signal, `[length, channels]`. */
export interface SignalExplanation extends MapExplanation {
  readonly kind: 'signal';
  readonly signal: NdArray;
}

/** Which voxels: maps over a volume, `[depth, height, width, channels]`. */
export interface VolumeExplanation extends MapExplanation {
  readonly kind: 'volume';
  readonly volume: NdArray;
}

/** One concept found in the activations: where it is, and its score for each target. */
export interface Concept {
  readonly name: string;
  readonly heatmap: Heatmap;
  readonly scores: readonly TargetBase[];
}

/** Parts of the picture that the layer treats alike (deep feature factorisation). */
export interface ConceptsExplanation extends ExplanationBase {
  readonly kind: 'concepts';
  readonly image: Picture;
  readonly layer?: LayerChoice;
  readonly concepts: readonly Concept[];
  readonly targets: readonly TargetBase[];
}

/** A feature with its weight and, for a prediction, its value. */
export interface FeatureWeight {
  readonly feature: string;
  readonly weight: number;
  /** Standard deviation of the weight, if it was estimated. */
  readonly std?: number;
  /** Value of the feature in the document. */
  readonly value?: number | string;
}

/** Weights of features, the largest kept and the rest counted. */
export interface FeatureWeights {
  /** Largest first. */
  readonly pos: readonly FeatureWeight[];
  /** Most negative first. */
  readonly neg: readonly FeatureWeight[];
  readonly posRemaining: number;
  readonly negRemaining: number;
}

export interface FeatureWeightsTarget extends TargetBase {
  readonly featureWeights: FeatureWeights;
}

export interface FeatureWeightsExplanation extends ExplanationBase {
  readonly kind: 'feature-weights';
  /** Probabilities of the classes, the likeliest first, at most 20: of a classifier that gives them. */
  readonly classes?: readonly ClassShare[];
  readonly targets: readonly FeatureWeightsTarget[];
}

/** Places of a feature in a text, `[start, end)` in UTF-16 units, and its weight. */
export interface WeightedSpan {
  readonly feature: string;
  readonly spans: readonly (readonly [number, number])[];
  readonly weight: number;
}

/** A text and the places in it that carry weight. */
export interface DocumentSpans {
  readonly document: string;
  readonly spans: readonly WeightedSpan[];
  /** Features are character n-grams: shade by weight per character. */
  readonly preserveDensity?: boolean;
  /** Which part of the pipeline the features come from. */
  readonly vectorizer?: string;
}

export interface WeightedSpansTarget extends TargetBase {
  readonly weightedSpans: {
    readonly documents: readonly DocumentSpans[];
    /** Features that lie in no document: the bias, lengths, metadata. */
    readonly other?: FeatureWeights;
  };
  readonly featureWeights?: FeatureWeights;
}

export interface WeightedSpansExplanation extends ExplanationBase {
  readonly kind: 'weighted-spans';
  /** Probabilities of the classes, the likeliest first, at most 20: of a classifier that gives them. */
  readonly classes?: readonly ClassShare[];
  readonly targets: readonly WeightedSpansTarget[];
}

export interface FeatureImportancesExplanation extends ExplanationBase {
  readonly kind: 'feature-importances';
  readonly importances: readonly FeatureWeight[];
  readonly remaining: number;
}

/** A node of a decision tree: a leaf, or a question with two answers. */
export interface TreeNode {
  readonly id: number;
  readonly isLeaf: boolean;
  /** Class weights, or the value of a regression tree. */
  readonly value?: readonly number[];
  readonly valueRatio?: readonly number[];
  readonly impurity?: number;
  readonly samples?: number;
  readonly sampleRatio?: number;
  readonly featureName?: string;
  readonly featureId?: number;
  /** Left is `feature <= threshold`. */
  readonly threshold?: number;
  readonly left?: TreeNode;
  readonly right?: TreeNode;
}

export interface DecisionTreeExplanation extends ExplanationBase {
  readonly kind: 'decision-tree';
  readonly criterion: string;
  readonly isClassification: boolean;
  readonly classNames?: readonly string[];
  readonly tree: TreeNode;
  readonly importances?: readonly FeatureWeight[];
}

export interface TransitionFeaturesExplanation extends ExplanationBase {
  readonly kind: 'transition-features';
  readonly classNames: readonly string[];
  /** `coefficients[from][to]`. */
  readonly coefficients: readonly (readonly number[])[];
}

/** The record that every method gives and every formatter reads: plain data, told apart by `kind`. */
export type Explanation =
  | ImageExplanation
  | SignalExplanation
  | VolumeExplanation
  | ConceptsExplanation
  | FeatureWeightsExplanation
  | WeightedSpansExplanation
  | FeatureImportancesExplanation
  | DecisionTreeExplanation
  | TransitionFeaturesExplanation;

/** The kinds of record. */
export type ExplanationKind = Explanation['kind'];

/** Every kind of record, in the order the formatters document them. */
export const EXPLANATION_KINDS = [
  'image',
  'signal',
  'volume',
  'concepts',
  'feature-weights',
  'weighted-spans',
  'feature-importances',
  'decision-tree',
  'transition-features',
] as const satisfies readonly ExplanationKind[];
