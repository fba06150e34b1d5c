/** Calls are checked by the compiler: names of options, their values, ids of methods. */
import test from 'ava';
import { smooth } from '../../explainers/smooth.js';
import { explainer } from '../../src/container/plugin.js';
import { explainPrediction, explainPredictions } from '../../src/explain/explain.js';
import { explainBatch } from '../../src/explain/explain-batch.js';
import { type ExplainOptions } from '../../src/explain/explain-options.js';
import { showPrediction } from '../../src/explain/show.js';
import type { OptionSpecs, OptionValues } from '../../src/options.js';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const isPair = (value: unknown): value is readonly [number, number] => Array.isArray(value);
const options = {
  mode: { type: 'choice', choices: ['paper', 'reference'], default: 'paper', help: '' },
  top: { type: 'number', default: undefined, min: 1, help: '' },
  offsets: { type: 'boolean', default: true, help: '' },
  name: { type: 'string', default: 'x', help: '' },
  scales: { type: 'list', of: 'number', default: [0.5, 1], help: '' },
  layers: { type: 'list', of: 'string', default: undefined, help: '' },
  pair: { type: 'value', expects: '', check: isPair, default: [0, 1], help: '' },
} as const satisfies OptionSpecs;

const declared: Equal<
  OptionValues<typeof options>,
  {
    readonly mode: 'paper' | 'reference';
    readonly top: number | undefined;
    readonly offsets: boolean;
    readonly name: string;
    readonly scales: readonly number[];
    readonly layers: readonly string[] | undefined;
    readonly pair: readonly [number, number];
  }
> = true;

/** Compiled, never run: what is expected to be an error must be one, else this file does not compile. */
export async function compiled(model: unknown, doc: unknown, method: string, id: 'smooth') {
  await explainPrediction(model, doc);
  await explainPrediction(model, doc, { targets: ['dog'], tokens: { skip: 1 } });
  await explainPrediction(model, doc, { method: 'smooth', n: 8, of: 'layer-cam', tanhScale: 2 });
  await explainPrediction(model, doc, { method: 'occlusion', patch: [8, 8], baseline: 'mean' });
  await explainPrediction(model, doc, { method: smooth('saliency'), n: 8 });
  await explainPrediction(model, doc, { method, anything: 1 });
  await explainPrediction(model, doc, { method: id });
  await explainPrediction(model, doc, { method: 'tripled' as string, factor: 3 });
  await explainBatch(model, [doc], { method: 'cam', targets: 'all' });
  await showPrediction(model, doc, { method: 'rise', masks: 10, format: { colormap: 'jet' } });
  const stored: ExplainOptions = { method: 'whatever', n: 'eight' };
  explainPredictions(model, [doc], stored);

  // @ts-expect-error: tragets
  await explainPrediction(model, doc, { tragets: ['dog'] });
  // @ts-expect-error: tragets and 'eight'
  await explainPrediction(model, doc, { tragets: ['dog'], method: 'smooth', n: 'eight' });
  // @ts-expect-error: 'eight'
  await explainPrediction(model, doc, { method: 'smooth', n: 'eight' });
  // @ts-expect-error: no such method
  await explainPrediction(model, doc, { method: 'smoth' });
  // @ts-expect-error: an option of another method
  await explainPrediction(model, doc, { method: 'saliency', masks: 3 });
  // @ts-expect-error: no such choice
  await explainPrediction(model, doc, { method: 'saliency', reduce: 'sum' });
  // @ts-expect-error: no such option
  explainPredictions(model, [doc], { method: 'rise', mask: 3 });
  // @ts-expect-error: no such option
  await explainBatch(model, [doc], { target: 'all' });
  // @ts-expect-error: no such option
  await showPrediction(model, doc, { formater: 'html' });
  return explainer({
    id: 'typed',
    family: 'other',
    description: '',
    reference: '',
    cost: '',
    needs: {},
    documents: ['array'],
    options,
    async explain({ options: { mode, top } }) {
      const both: readonly ['paper' | 'reference', number | undefined] = [mode, top];
      // @ts-expect-error: top may be left out
      const least: number = top;
      return { kind: 'records', explanations: both.length > least ? [] : [] };
    },
  });
}

test('options have the types that their declarations say', (t) => {
  t.true(declared);
  t.is(typeof compiled, 'function');
});
