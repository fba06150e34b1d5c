import test from 'ava';
import { ContainerModule } from 'inversify';
import { formatAsJson } from '../../formatters/json.js';
import { formatAsText } from '../../formatters/text.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import type { Explainer, Formatter } from '../../src/container/plugin.js';
import { TOKENS } from '../../src/container/tokens.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { showPrediction } from '../../src/explain/show.js';
import { EXPLANATION_KINDS, type Picture } from '../../src/explanation.js';
import { fromBase64 } from '../../src/images/base64.js';
import { decodePng } from '../../src/images/png.js';
import { DISPLAY_SYMBOL, displayIn, mimeBundle, withDisplay } from '../../src/explain/notebook.js';
import { featureWeightsRecord, imageRecord, records } from '../helpers/records.js';

const shown = (record: object) =>
  (record as Record<symbol, () => Record<string, string | undefined>>)[
    Symbol.for('Jupyter.display')
  ]();

test('a cell finds text and, where there is a picture, a PNG of it', (t) => {
  const bundle = shown(withDisplay(imageRecord));
  t.is(bundle['text/plain'], formatAsText(imageRecord));
  const picture = decodePng(fromBase64(bundle['image/png']!)!);
  t.deepEqual([picture.width, picture.height], [64, 48]);
  t.is(shown(withDisplay(featureWeightsRecord))['image/png'], undefined);
});

for (const [kind, record] of Object.entries(records)) {
  test(`${kind}: the record stays what it was`, (t) => {
    const own = withDisplay(record);
    t.deepEqual(own, record);
    t.deepEqual(structuredClone(own), record);
    t.deepEqual(Object.keys(own), Object.keys(record));
    t.is(JSON.stringify(own), JSON.stringify(record));
    t.is(formatAsJson(own), formatAsJson(record));
    t.false(DISPLAY_SYMBOL in structuredClone(own));
    t.true(Object.values(shown(own)).every((content) => content!.length > 0));
  });
}

const html: Formatter<string> = {
  id: 'html',
  description: 'a page',
  kinds: ['image'],
  extensions: [],
  options: { title: { type: 'string', default: 'T', help: '' } },
  format: (expl, { title }) => `<h1>${title as string} ${expl.kind}</h1>`,
};

test('the richest form comes from whichever formatter the container has', (t) => {
  const base = registryOf(createContainer());
  const formatters = new Map<string, Formatter>([...base.formatters, ['html', html]]);
  const registry = { ...base, formatters };
  t.is(mimeBundle(imageRecord, registry)['text/html'], '<h1>T image</h1>');
  t.is(mimeBundle(featureWeightsRecord, registry)['text/html'], undefined);
});

test('a whole page stands in a frame that its hostile strings cannot leave', (t) => {
  const page = '<!DOCTYPE html><p title="a">&amp;</p></iframe>';
  const formatters = new Map<string, Formatter>([['html', { ...html, format: () => page }]]);
  const content = mimeBundle(imageRecord, { formatters })['text/html']!;
  const [, sandbox, srcdoc] = /^<iframe sandbox="([^"]*)"[^>]* srcdoc="([^"]*)"><\/iframe>$/.exec(
    content,
  )!;
  t.is(sandbox, 'allow-scripts');
  t.is(srcdoc.replaceAll('&quot;', '"').replaceAll('&amp;', '&'), page);
});

test('tslab gets one form, the best', (t) => {
  const base = registryOf(createContainer());
  const without = new Map([...base.formatters].filter(([id]) => id !== 'html'));
  const calls: [string, string][] = [];
  const display = { raw: (type: string, content: string) => void calls.push([type, content]) };
  const registry = (formatters: ReadonlyMap<string, Formatter>) => ({ ...base, formatters });
  displayIn(display, imageRecord, registry(new Map([...without, ['html', html]])));
  displayIn(display, imageRecord, registry(without));
  displayIn(display, featureWeightsRecord, registry(without));
  t.deepEqual(
    calls.map(([type]) => type),
    ['text/html', 'image/png', 'text/plain'],
  );
  t.is(calls[2][1], formatAsText(featureWeightsRecord));
});

test('what explainPrediction returns shows itself', async (t) => {
  const explainer: Explainer = {
    id: 'constant',
    family: 'other',
    description: 'a record for the test',
    reference: 'none',
    cost: 'none',
    needs: {},
    documents: ['text'],
    options: {},
    explain: async () => ({ kind: 'records', explanations: [featureWeightsRecord] }),
  };
  const plugin = new ContainerModule(({ bind }) => {
    bind(TOKENS.Explainer).toConstantValue(explainer);
  });
  const expl = await explainPrediction(() => [[1]], 'a text', {
    method: explainer.id,
    plugins: [plugin],
  });
  t.is(shown(expl)['text/plain'], formatAsText(expl));
  t.is(structuredClone(expl).kind, 'feature-weights');
});

test('every kind can be shown', (t) => {
  for (const kind of EXPLANATION_KINDS) t.truthy(mimeBundle(records[kind])['text/plain']);
});

test('showPrediction shows itself: the picture with the options it was asked for', async (t) => {
  const model = ({ shape: [count], data }: { shape: readonly number[]; data: ArrayLike<number> }) =>
    Array.from({ length: count }, (_, n) => [data[n * 18 + 3], data[n * 18 + 17]]);
  const data = Uint8ClampedArray.from({ length: 18 }, (_, i) => i * 14);
  const doc = { width: 3, height: 2, mode: 'RGB', data } as const;
  const rest = { method: 'occlusion', patch: 1, inputShape: [2, 3, 3] };
  const call = { ...rest, format: { colormap: 'jet' } };
  const raw: [string, string][] = [];
  const display = { raw: (type: string, content: string) => void raw.push([type, content]) };
  const picture = (await showPrediction(model, doc, { ...call, display })) as Picture;
  const decoded = decodePng(fromBase64(shown(picture)['image/png']!)!);
  t.deepEqual([...decoded.data], [...picture.data]);
  t.deepEqual(structuredClone(picture), { ...picture });
  t.deepEqual(Object.keys(picture), ['width', 'height', 'mode', 'data']);
  t.deepEqual(raw, [['image/png', shown(picture)['image/png']]]);
  await showPrediction(model, doc, { ...rest, formatter: 'html', display });
  t.regex(raw[1].join(), /^text\/html,<iframe sandbox/);
  await showPrediction(model, doc, { ...rest, formatter: 'svg', display });
  t.is(raw[2][0], 'image/svg+xml');
  const text = await showPrediction(model, doc, { ...rest, formatter: 'text', display });
  t.deepEqual(raw[3], ['text/plain', text as string]);
});
