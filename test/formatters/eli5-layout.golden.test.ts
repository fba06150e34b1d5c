/**
 * ELI5's own output for hand-made records, beside ours for the same numbers.
 *
 * What differs on purpose: no blanks at the ends of lines; importances and
 * transitions have a head, and importances are aligned; the head of the
 * method is not compared; pages have a real minus sign; what was cut of a
 * table without negative weights stands in the table, not over it; classes
 * with a number and a name are given with both, and no name is bare (`True`);
 * texts have a document in the text form too.
 */
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { formatAsHtml } from '../../formatters/html.js';
import { formatAsText } from '../../formatters/text.js';
import type {
  Explanation,
  FeatureWeight,
  FeatureWeights,
  FeatureWeightsTarget,
  WeightedSpansTarget,
} from '../../src/explanation.js';
import { sharedFile } from '../helpers/shared.js';

interface Eli5Weight {
  readonly feature: string | readonly { readonly name: string; readonly sign: number }[];
  readonly weight: number;
  readonly std: number | null;
  readonly value: number | string | null;
}
interface Eli5Weights {
  readonly pos: readonly Eli5Weight[];
  readonly neg: readonly Eli5Weight[];
  readonly pos_remaining: number;
  readonly neg_remaining: number;
}
interface Eli5Document {
  readonly document: string;
  readonly spans: readonly (readonly [string, readonly (readonly [number, number])[], number])[];
  readonly preserve_density: boolean;
  readonly with_probabilities: boolean | null;
}
interface Eli5Target {
  readonly target: string | number | boolean;
  readonly feature_weights: Eli5Weights | null;
  readonly proba: number | null;
  readonly score: number | null;
  readonly weighted_spans: {
    readonly docs_weighted_spans: readonly Eli5Document[];
    readonly other: Eli5Weights | null;
  } | null;
}
interface Eli5Case {
  readonly object: {
    readonly is_regression: boolean;
    readonly targets: readonly Eli5Target[] | null;
    readonly feature_importances: {
      readonly importances: readonly Eli5Weight[];
      readonly remaining: number;
    } | null;
    readonly transition_features: {
      readonly class_names: readonly string[];
      readonly coef: readonly (readonly number[])[];
    } | null;
  };
  readonly text_values: string | { readonly failed: string };
  readonly html_force_weights_false_values: string;
  readonly html: string;
}

const FILE = ['golden', 'tabular', '6-formatters', 'eli5-formatters.json'] as const;

function casesOf(t: ExecutionContext): [string, Eli5Case][] {
  const path = sharedFile(t, ...FILE);
  if (path === undefined) return [];
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Record<string, Eli5Case> };
  return Object.entries(cases);
}

const weightOf = ({ feature, weight, std, value }: Eli5Weight): FeatureWeight => ({
  feature:
    typeof feature === 'string'
      ? feature
      : feature.map(({ name, sign }) => (sign < 0 ? `(-)${name}` : name)).join(' | '),
  weight,
  ...(std !== null && { std }),
  ...(value !== null && { value: value === 'NaN' ? 'Missing' : value }),
});

const weightsOf = (weights: Eli5Weights): FeatureWeights => ({
  pos: weights.pos.map(weightOf),
  neg: weights.neg.map(weightOf),
  posRemaining: weights.pos_remaining,
  negRemaining: weights.neg_remaining,
});

const baseOf = ({ target, proba, score }: Eli5Target) => ({
  target: target === true ? 'True' : target === false ? 'False' : target,
  ...(proba !== null && { proba }),
  ...(score !== null && { score }),
});

/** Our record of the same numbers. */
function recordOf({ object }: Eli5Case): Explanation | undefined {
  const base = {
    estimator: 'e',
    method: 'm',
    description: '',
    isRegression: object.is_regression,
    parameters: {},
    warnings: [],
  };
  const { feature_importances: importances, transition_features: transitions, targets } = object;
  if (transitions !== null) {
    const { class_names: classNames, coef: coefficients } = transitions;
    return { ...base, kind: 'transition-features', classNames, coefficients };
  }
  if (importances !== null) {
    return {
      ...base,
      kind: 'feature-importances',
      importances: importances.importances.map(weightOf),
      remaining: importances.remaining,
    };
  }
  if (targets === null) return undefined;
  if (targets.every(({ weighted_spans: spans }) => spans === null)) {
    return {
      ...base,
      kind: 'feature-weights',
      targets: targets.map((target): FeatureWeightsTarget => ({
        ...baseOf(target),
        featureWeights: weightsOf(target.feature_weights as Eli5Weights),
      })),
    };
  }
  return {
    ...base,
    kind: 'weighted-spans',
    targets: targets.map((target): WeightedSpansTarget => {
      const { docs_weighted_spans: documents, other } = target.weighted_spans as NonNullable<
        Eli5Target['weighted_spans']
      >;
      return {
        ...baseOf(target),
        ...(target.feature_weights !== null && {
          featureWeights: weightsOf(target.feature_weights),
        }),
        weightedSpans: {
          documents: documents.map(({ document, spans, preserve_density: preserveDensity }) => ({
            document,
            preserveDensity,
            spans: spans.map(([feature, places, weight]) => ({
              feature,
              // an n-gram may begin before the text; a place of a record lies in it
              spans: places.map(([from, to]) => [Math.max(0, from), to] as const),
              weight,
            })),
          })),
          ...(other !== null && { other: without(weightsOf(other), 'Highlighted in text (sum)') }),
        },
      };
    }),
  };
}

const without = (weights: FeatureWeights, name: string): FeatureWeights => ({
  ...weights,
  pos: weights.pos.filter(({ feature }) => feature !== name),
  neg: weights.neg.filter(({ feature }) => feature !== name),
});

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');

/** A line of what was cut goes beneath the weights it belongs to. */
function inTable(text: readonly string[]): string[] {
  const head = text.findIndex((line) => line.startsWith('---'));
  const cut = text.findIndex((line) => line.startsWith('… '));
  if (cut < 0 || cut > head) return [...text];
  return [...text.filter((_, i) => i !== cut), text[cut]];
}

test('weights as text are what ELI5 prints', (t) => {
  let compared = 0;
  for (const [name, golden] of casesOf(t)) {
    const record = recordOf(golden);
    if (record === undefined || typeof golden.text_values !== 'string') continue;
    if (record.kind !== 'feature-weights' && record.kind !== 'weighted-spans') continue;
    const theirs = inTable(
      lines(golden.text_values)
        .filter((line) => !line.startsWith('Explained as') && line !== 'Some words.')
        .map((line) => line.replace(/^y=True/, "y='True'")),
    );
    t.deepEqual(lines(formatAsText(record, { show: 'targets', width: 200 })), theirs, name);
    compared++;
  }
  if (casesOf(t).length > 0) t.true(compared >= 9, `${compared} compared`);
});

test('importances and transitions as text are what ELI5 prints, with a head', (t) => {
  for (const [name, golden] of casesOf(t)) {
    const record = recordOf(golden);
    if (record === undefined || typeof golden.text_values !== 'string') continue;
    const theirs = lines(golden.text_values).map((line) => line.trim().split(/\s+/));
    if (record.kind === 'feature-importances') {
      const [head, rule, ...rows] = lines(formatAsText(record, { show: 'importances' }));
      t.regex(head, /^ *Importance/, name);
      t.regex(rule, /^[- ]+$/, name);
      t.deepEqual(
        rows.map((line) => line.trim().split(/\s+/)),
        theirs.filter(([word]) => word !== 'Explained' && word !== 'Text.'),
        name,
      );
    }
    if (record.kind === 'transition-features') {
      const [, rule, ...rows] = lines(formatAsText(record, { show: 'transitions' }));
      t.regex(rule, /^[- ]+$/, name);
      const from = theirs.findIndex(([word]) => word.startsWith('---')) + 1;
      t.deepEqual(
        rows.map((line) => line.trim().split(/\s+/)),
        theirs.slice(from, from + rows.length),
        name,
      );
    }
  }
});

interface Row {
  readonly cells: readonly string[];
  /** Lightness of the ground in per cent, and whether it is green. */
  readonly light: number;
  readonly green: boolean;
}

const textIn = (html: string): string =>
  html
    .replace(/<span[^>]*title="[^"]*space[^"]*"[^>]*>([^<]*)<\/span>/g, '$1')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&emsp;/g, '\u2003')
    .replace(/&hellip;/g, '…')
    .replace(/&plusmn;/g, '±')
    .replace(/&#(x?)([0-9a-f]+);/g, (_, x: string, code: string) =>
      String.fromCodePoint(parseInt(code, x === '' ? 10 : 16)),
    )
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/−/g, '-')
    .replace(/[ \n\t]+/g, ' ')
    .trim();

/** The rows of every table body, tables one after the other. */
function rowsOf(html: string, light: (attributes: string) => readonly [number, boolean]): Row[] {
  return Array.from(html.matchAll(/<tr([^>]*)>(.*?)<\/tr>/gs)).flatMap(([, attributes, inner]) => {
    if (/<table|scope="col"|<th[^>]*>\s*(Weight|Contribution)/.test(inner)) return [];
    const cells = Array.from(inner.matchAll(/<(td|th)([^>]*)>(.*?)<\/\1>/gs))
      .filter(([, , own]) => !own.includes('bar'))
      .map(([, , , cell]) => textIn(cell));
    const [lightness, green] = light(attributes);
    return cells.length === 0 ? [] : [{ cells, light: lightness, green }];
  });
}

const theirLight = (attributes: string): readonly [number, boolean] => {
  const [, hue, light] = /hsl\((\d+), 100.00%, ([\d.]+)%\)/.exec(attributes) ?? [];
  return [Number(light), hue === '120'];
};

/** Of a row on a white card. */
const ourLight =
  (page: string, full: number) =>
  (attributes: string): readonly [number, boolean] => {
    const [, sign, level] = /class="(pos|neg)-(\d+)"/.exec(attributes) ?? [];
    if (level === undefined) return [100, false];
    const rule = `.${sign}-${level}{background:color-mix(in srgb,var(--shade-${sign}) `;
    const share = Number.parseFloat(page.slice(page.indexOf(rule) + rule.length));
    return [100 - (100 - full) * (share / 100), sign === 'pos'];
  };

test('tables of a page are those of ELI5: rows, numbers, colours by its rule', (t) => {
  let compared = 0;
  for (const [name, golden] of casesOf(t)) {
    const record = recordOf(golden);
    if (record?.kind !== 'feature-weights' && record?.kind !== 'feature-importances') continue;
    const page = formatAsHtml(record, { theme: 'light' });
    const ours = rowsOf(page, ourLight(page, 80)).filter(
      ({ cells }) => !/^No feature/.test(cells[0]),
    );
    const theirs = rowsOf(golden.html_force_weights_false_values, theirLight).filter(
      // heads side by side are a row of a table around them
      ({ cells }) => !cells.some((cell) => cell.endsWith('top features')),
    );
    t.deepEqual(
      // of the names that share a column of a hash, ELI5's page shows the first
      ours.map(({ cells }) => cells.map((cell) => cell.replace(/^foo \|.*/, 'foo …'))),
      theirs.map(({ cells }) => cells),
      name,
    );
    for (const [i, { light, green }] of theirs.entries()) {
      t.true(Math.abs(ours[i].light - light) < 0.011, `${name}, row ${i}`);
      // without any colour there is no hue
      if (light < 99.99) t.is(ours[i].green, green, `${name}, row ${i}`);
    }
    compared += theirs.length;
  }
  if (casesOf(t).length > 0) t.true(compared > 25, `${compared} rows`);
});

test('heads of a page have ELI5 numbers', (t) => {
  for (const [name, golden] of casesOf(t)) {
    const record = recordOf(golden);
    if (record?.kind !== 'feature-weights' && record?.kind !== 'weighted-spans') continue;
    const page = textIn(formatAsHtml(record));
    for (const { proba, score } of record.targets) {
      if (proba !== undefined) t.true(page.includes(`probability ${proba.toFixed(3)}`), name);
      if (score !== undefined) t.true(page.includes(`score ${score.toFixed(3)}`), name);
    }
  }
});

test('words of a page have the weights and colours of ELI5', (t) => {
  let compared = 0;
  for (const [name, golden] of casesOf(t)) {
    const record = recordOf(golden);
    if (record?.kind !== 'weighted-spans') continue;
    const scheme = golden.object.targets?.[0].weighted_spans?.docs_weighted_spans[0]
      .with_probabilities
      ? 'probabilities'
      : 'weights';
    // log-probabilities have a scheme of colours of their own here
    if (scheme === 'probabilities') continue;
    const page = formatAsHtml(record, { theme: 'light' });
    const light = ourLight(page, 60);
    const ours = Array.from(page.matchAll(/<mark([^>]*)>([^<]*)<\/mark>/g), ([, own, text]) => ({
      text: textIn(`x${text}x`),
      title: textIn(/title="([^"]*)"/.exec(own)?.[1] ?? ''),
      light: light(own),
    }));
    const theirs = Array.from(
      golden.html.matchAll(/<span style="background-color: ([^"]*)" title="(-?[\d.]+)">([^<]*)</g),
      ([, style, title, text]) => ({ text: textIn(`x${text}x`), title, light: theirLight(style) }),
    );
    t.deepEqual(
      ours.map(({ text }) => text),
      theirs.map(({ text }) => text),
      name,
    );
    const dense = golden.object.targets?.[0].weighted_spans?.docs_weighted_spans[0];
    for (const [i, word] of theirs.entries()) {
      // ELI5 divides by the length of an n-gram again for each further place of it
      if (dense?.preserve_density === true && word.text === textIn('xatx')) continue;
      t.is(ours[i].title, word.title, name);
      t.true(Math.abs(ours[i].light[0] - word.light[0]) < 0.011, `${name}, word ${i}`);
      t.is(ours[i].light[1], word.light[1], `${name}, word ${i}`);
    }
    compared += theirs.length;
  }
  if (casesOf(t).length > 0) t.true(compared >= 7, `${compared} words`);
});
