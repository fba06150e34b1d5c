/** The tokens that plugins bind to. `Symbol.for`, so that two copies of the package agree. */
export const TOKENS = {
  Explainer: Symbol.for('whylens.Explainer'),
  Formatter: Symbol.for('whylens.Formatter'),
  ModelAdapter: Symbol.for('whylens.ModelAdapter'),
} as const;
