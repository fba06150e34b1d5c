/**
 * A scorer of table rows, explained by the weights of its features.
 *
 * The model is a plain function from rows to scores; the explainer asks it
 * again with one feature at a time put back to its usual value. For a linear
 * model that gives its exact contributions, for another one what each feature
 * does by itself. It returns a `feature-weights` record, so that every
 * formatter works on it.
 *
 *     npm run build && node build/examples/tabular-scorer.js
 */
import { ContainerModule } from 'inversify';
import { pathToFileURL } from 'node:url';
import { createContainer, explainPrediction, formatAsText, type Explanation } from 'whylens';
import {
  featureWeights,
  TOKENS,
  type Explained,
  type ExplainContext,
  type Explainer,
} from 'whylens/plugin';

export type Row = Readonly<Record<string, number>>;

// so that calls of `explainPrediction` with this method are completed and checked
declare module 'whylens' {
  interface MethodOptions {
    readonly 'tabular-ablation': { readonly baseline?: Row; readonly top?: number };
  }
}

/** Means over the customers the model was made from. */
export const USUAL: Row = {
  'income (k€)': 42,
  'open loans': 1.5,
  'years at address': 6,
  'late payments': 0.75,
  age: 44,
};

const COEFFICIENTS: Row = {
  'income (k€)': 0.03125,
  'open loans': -0.5,
  'years at address': 0.0625,
  'late payments': -1.25,
  age: 0,
};

const BIAS = 1.5;

/** The model: the logit of repaying, one a row. */
export function scoreRows(rows: readonly Row[]): number[] {
  return rows.map((row) =>
    Object.entries(COEFFICIENTS).reduce(
      (sum, [name, coefficient]) => sum + coefficient * row[name],
      BIAS,
    ),
  );
}

/** Score with the feature as it is, minus score with the feature at its baseline. */
export const featureAblation: Explainer = {
  id: 'tabular-ablation',
  family: 'perturbation',
  description:
    'How much the score falls when the feature is put back to its usual value; <usual> is the score of a row that is usual in everything.',
  reference: 'occlusion, one feature at a time',
  cost: '2 + features predictions',
  needs: {},
  documents: ['features'],
  options: {
    baseline: {
      type: 'value',
      default: undefined,
      expects: 'an object with a number for each feature',
      check: (value) =>
        typeof value === 'object' && value !== null && Object.values(value).every(Number.isFinite),
      help: 'the usual row',
    },
    top: { type: 'number', min: 1, integer: true, default: 20, help: 'how many features are kept' },
  },
  async explain({ native, documents, options }: ExplainContext): Promise<Explained> {
    const predict = native as typeof scoreRows;
    const usual = (options.baseline ?? USUAL) as Row;
    return {
      kind: 'records',
      explanations: documents.map((document) => {
        const row = document.kind === 'features' ? (document.values as Row) : {};
        const names = Object.keys(usual);
        const [score, ofUsual, ...without] = predict([
          row,
          usual,
          ...names.map((name) => ({ ...row, [name]: usual[name] })),
        ]);
        const entries = names.map((name, i) => ({
          feature: name,
          weight: score - without[i],
          value: row[name],
        }));
        return {
          kind: 'feature-weights',
          estimator: '',
          method: '',
          description: '',
          isRegression: false,
          parameters: {},
          warnings: [],
          targets: [
            {
              target: 0,
              definition: { kind: 'class', index: 0 },
              label: 'repays',
              score,
              proba: 1 / (1 + Math.exp(-score)),
              featureWeights: featureWeights(
                [...entries, { feature: '<usual>', weight: ofUsual }],
                { top: options.top as number },
              ),
            },
          ],
        };
      }),
    };
  },
};

export const container = createContainer(
  new ContainerModule(({ bind }) => {
    bind(TOKENS.Explainer).toConstantValue(featureAblation);
  }),
);

export function explainRow(
  row: Row,
  options: { readonly baseline?: Row; readonly top?: number } = {},
): Promise<Explanation> {
  return explainPrediction(scoreRows, row, {
    method: 'tabular-ablation',
    estimator: 'credit scorer',
    container,
    ...options,
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const row = {
    'income (k€)': 58,
    'open loans': 4,
    'years at address': 2,
    'late payments': 0,
    age: 31,
  };
  process.stdout.write(formatAsText(await explainRow(row)));
}
