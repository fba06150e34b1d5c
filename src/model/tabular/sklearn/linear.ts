/** scikit-learn's linear models: coefficients, intercept, and what their score means. */
import { unsupported, type Field } from '../fields.js';
import type { LinearPart, Link } from '../interface.js';

/** Classes of scikit-learn whose score has no probability. */
const MARGINS_ONLY = [
  'LinearSVC',
  'RidgeClassifier',
  'RidgeClassifierCV',
  'Perceptron',
  'PassiveAggressiveClassifier',
];

/** Regressions whose prediction is the exponential of the score. */
const LOG_LINK = ['PoissonRegressor', 'GammaRegressor'];

/** What `link` may say in a file that names no class of scikit-learn. */
const NAMED: Readonly<Record<string, Link['kind']>> = {
  identity: 'identity',
  logit: 'logistic',
  logistic: 'logistic',
  sigmoid: 'sigmoid',
  softmax: 'softmax',
  ovr: 'ovr',
  svm: 'svm',
  log: 'exp',
  exp: 'exp',
};

/** The link that a file names, if it does. */
export function namedLink(field: Field): Link | undefined {
  if (!field.exists) return undefined;
  const kind = NAMED[field.text()] as Link['kind'] | undefined;
  if (kind === undefined) throw field.wrong(`one of ${Object.keys(NAMED).join(', ')}`);
  return { kind };
}

/** `coef_` as `[outputs, features]` and `intercept_` as one an output. */
export function readCoefficients(file: Field): LinearPart {
  const coefficients = file.get(file.has('coef_') ? 'coef_' : 'coefficients');
  const { rows: outputs, columns: features, data } = coefficients.matrix();
  const field = file.get(file.has('intercept_') ? 'intercept_' : 'intercept');
  const given = field.exists ? field.numbers() : new Float64Array(1);
  if (given.length !== 1 && given.length !== outputs) {
    throw field.wrong(`1 or ${outputs} numbers`, `${given.length}`);
  }
  const bad = [...data, ...given].find((x) => !Number.isFinite(x));
  if (bad !== undefined || features === 0) throw coefficients.wrong('finite numbers', String(bad));
  const intercept = Float64Array.from(
    { length: outputs },
    (_, k) => given[given.length === 1 ? 0 : k],
  );
  const errors = file.get('standard_errors');
  return {
    outputs,
    features,
    coefficients: data,
    intercept,
    hasIntercept:
      file.get('params').get('fit_intercept').flag(field.exists) || intercept.some((x) => x !== 0),
    ...(errors.exists && { standardErrors: errors.numbers(data.length) }),
  };
}

/**
 * What the score of a linear model means: as the file says (`combine`,
 * `link`), or as the class of scikit-learn does it.
 */
export function linkOfLinear(file: Field, { outputs }: LinearPart): Link {
  const named = namedLink(file.get('link'));
  if (named !== undefined) return named;
  if (file.has('combine')) return combined(file.get('combine'), outputs);
  const name = file.get('class_').exists ? file.get('class_').text() : '';
  const estimator = file.has('estimator') ? file.get('estimator').text() : name;
  if (!file.has('classes')) return { kind: LOG_LINK.includes(name) ? 'exp' : tweedie(file, name) };
  if (MARGINS_ONLY.includes(name)) return { kind: 'svm' };
  const params = file.get('params');
  switch (name) {
    case 'LogisticRegression':
    case 'LogisticRegressionCV': {
      if (outputs === 1) return { kind: 'logistic' };
      const alone =
        params.get('multi_class').value === 'ovr' ||
        params.get('solver').value === 'liblinear' ||
        /multi_class='ovr'|solver='liblinear'/.test(estimator);
      return { kind: alone ? 'ovr' : 'softmax' };
    }
    case 'LinearDiscriminantAnalysis':
      return { kind: outputs === 1 ? 'logistic' : 'softmax' };
    case 'SGDClassifier': {
      const loss = params.has('loss')
        ? params.get('loss').text()
        : (/loss='(\w+)'/.exec(estimator)?.[1] ?? 'hinge');
      if (loss === 'modified_huber') return { kind: 'modified-huber' };
      if (loss !== 'log_loss' && loss !== 'log') return { kind: 'svm' };
      return { kind: outputs === 1 ? 'logistic' : 'ovr' };
    }
    case 'OneVsRestClassifier': {
      if (MARGINS_ONLY.some((inner) => estimator.includes(`${inner}(`))) return { kind: 'svm' };
      if (/SGDClassifier\(/.test(estimator) && !/loss='log(_loss)?'/.test(estimator)) {
        return { kind: /modified_huber/.test(estimator) ? 'modified-huber' : 'svm' };
      }
      return { kind: outputs === 1 ? 'logistic' : 'ovr' };
    }
    default:
      throw unsupported(
        file.file,
        `a linear classifier of class '${name}', and how its scores become probabilities is not known here. Say it in the file: "link": "logit", "softmax", "ovr" or "svm"`,
      );
  }
}

function combined(field: Field, outputs: number): Link {
  const text = field.text();
  if (/^softmax/.test(text)) return { kind: 'softmax' };
  if (/^one-vs-rest/.test(text)) return { kind: outputs === 1 ? 'logistic' : 'ovr' };
  if (/^sigmoid/.test(text)) return { kind: outputs === 1 ? 'logistic' : 'sigmoid' };
  if (/^(none|margin|svm|decision)/.test(text)) return { kind: 'svm' };
  throw field.wrong(`'softmax', 'sigmoid …' or 'one-vs-rest …'`);
}

function tweedie(file: Field, name: string): Link['kind'] {
  if (name !== 'TweedieRegressor') return 'identity';
  const params = file.get('params');
  const link = params.has('link') ? params.get('link').text() : 'auto';
  if (link === 'auto') return params.get('power').number(0) > 0 ? 'exp' : 'identity';
  return link === 'log' ? 'exp' : 'identity';
}
