/**
 * Records that are long in every place: run in a process of their own, since
 * what takes the square of their length would not come back.
 * `node long-records.js FORMATTER` says each case that is done.
 */
import { createContainer, registryOf } from '../../src/container/container.js';
import { isWhylensError } from '../../src/errors.js';
import type { Explanation, ExplanationKind } from '../../src/explanation.js';
import { records } from './records.js';

const MANY = 60_000;
const letters = (count: number, one: string): string => one.repeat(count);

/** The example of a kind with every name in it as long as a page. */
function renamed(kind: ExplanationKind, name: string): Explanation {
  const long = (value: unknown, key = ''): unknown => {
    if (ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return value.map((item) => long(item));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, long(inner, name)]),
      );
    }
    const isName = ['label', 'feature', 'estimator', 'name', 'description', 'rule'].includes(key);
    return isName && typeof value === 'string' ? name : value;
  };
  return long(records[kind]) as Explanation;
}

function text(document: string, spans = 0): Explanation {
  const target = {
    target: 'y',
    score: 1,
    weightedSpans: {
      documents: [
        {
          document,
          spans: Array.from({ length: spans }, (_, i) => ({
            feature: `w${i}`,
            spans: [[i * 5, i * 5 + 4] as [number, number]],
            weight: (i % 7) - 3.5,
          })),
        },
      ],
    },
  };
  return { ...records['weighted-spans'], targets: [target] } as unknown as Explanation;
}

function weights(count: number): Explanation {
  const entry = (i: number) => ({ feature: `f${i}`, weight: 1 + i });
  const list = Array.from({ length: count }, (_, i) => entry(i));
  const target = {
    target: 'y',
    score: 1,
    featureWeights: { pos: list, neg: [], posRemaining: 0, negRemaining: 0 },
  };
  return { ...records['feature-weights'], targets: [target] } as unknown as Explanation;
}

const CASES: Readonly<Record<string, () => Explanation>> = {
  'a title without spaces': () => renamed('image', letters(100_000, 'x')),
  'words without spaces': () => renamed('feature-weights', letters(20_000, 'x')),
  'a text without spaces': () => text(letters(1_000_000, 'x')),
  'a text of words': () => text(letters(200_000, 'word ')),
  'a text of lines': () => text(letters(100_000, 'a\n')),
  'a text that takes no room': () => text(letters(300_000, '\u200b')),
  'a text of marks': () => text(`a${letters(300_000, '\u0301')}`),
  'a text of weighted words': () => text(letters(50_000, 'word '), 50_000),
  'many weights': () => weights(MANY),
};

const formatter = registryOf(createContainer()).formatters.get(process.argv[2])!;
for (const [name, make] of Object.entries(CASES)) {
  const record = make();
  if (!formatter.kinds.includes(record.kind)) continue;
  const start = performance.now();
  let said = 'done';
  try {
    formatter.format(record, {});
  } catch (error) {
    // a refusal is an answer too
    if (!isWhylensError(error)) throw error;
    said = `${error.code} ${error.message.slice(0, 120)}`;
  }
  process.stdout.write(`${name}: ${said} (${Math.round(performance.now() - start)} ms)\n`);
}
