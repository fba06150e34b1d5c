/** What fuzzing found once, and that the fuzzer itself works: seeds repeat, and every kind has what it starts from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { loadImage, loadModel } from '../../src/index.js';
import { hasSeed, KINDS, MODELS, tryModel } from './kinds.js';
import { chance, mutatedBytes, mutatedJson } from './mutate.js';

const FOUND = 'test/fixtures/found';

for (const name of readdirSync(FOUND).filter((one) => !one.endsWith('.md'))) {
  test(`found once: ${name}`, async (t) => {
    const bytes = new Uint8Array(readFileSync(join(FOUND, name)));
    const isPicture = /[.](png|jpe?g|tiff?|webp|gif|bmp)$/.test(name);
    const trial = isPicture ? loadImage(bytes) : tryModel([{ name, bytes }]);
    const error: unknown = await trial.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    t.true(error === undefined || isWhylensError(error), String(error));
  });
}

/** What once hung, or ended in an error without a code, by kind and seed. */
const ONCE: readonly (readonly [string, number])[] = [
  ['graph', 1207000298],
  ['tables', 4711000021],
];

for (const [kind, seed] of ONCE) {
  test(`found once: ${kind} ${seed}`, async (t) => {
    const error: unknown = await KINDS[kind](seed).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    t.true(error === undefined || isWhylensError(error), String(error));
  });
}

test('a seed gives the same change again, another seed another', (t) => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
  t.deepEqual(mutatedBytes(bytes, chance(7)), mutatedBytes(bytes, chance(7)));
  t.notDeepEqual(mutatedBytes(bytes, chance(7)), mutatedBytes(bytes, chance(8)));
  const text = '{"a":[1,{"b":"x"}],"c":null}';
  t.is(mutatedJson(text, chance(3)), mutatedJson(text, chance(3)));
  t.not(mutatedJson(text, chance(3)), mutatedJson(text, chance(4)));
});

for (const [kind, files] of Object.entries(MODELS)) {
  test(`the model that is changed loads as it is: ${kind}`, async (t) => {
    if (!hasSeed(kind)) {
      t.log(`NOT CHECKED: the file of ${kind} is not on this machine (WHYLENS_SHARED)`);
      t.pass();
      return;
    }
    await t.notThrowsAsync(tryModel(files()));
    const model = await loadModel(files() as never);
    model.dispose();
    t.notThrows(() => model.dispose(), 'a second time');
  });
}

test('there are trials of everything that is read from outside', (t) => {
  const named = [
    ...['pictures', 'transformer', 'labels', 'records', 'targets', 'tables'],
    ...['archives', 'batches', 'configs', 'questions', 'commands'],
  ];
  t.deepEqual(Object.keys(KINDS).sort(), [...named, ...Object.keys(MODELS)].sort());
});
