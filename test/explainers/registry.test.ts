/** What a new method needs: its file, its line in the registration list, its page. A failing test says which is missing. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';

const { explainers } = registryOf(createContainer());

test('every file of explainers is a registered method of that name, and no other is registered', async (t) => {
  const files = (await readdir('explainers')).filter((name) => /^(?!index)[^.]+[.]ts$/.test(name));
  const ids = files.map((name) => name.replace(/[.]ts$/, '')).sort();
  t.true(ids.length > 30);
  t.deepEqual(
    [...explainers.keys()].sort(),
    ids,
    'a method has the id of its file and a line in EXPLAINERS of explainers/index.ts',
  );
});

test('every method has a page and lies in a family', (t) => {
  for (const { id, family } of explainers.values()) {
    t.true(
      existsSync(`docs/methods/${id}.md`),
      `write docs/methods/${id}.md, then run: npm run docs`,
    );
    t.regex(family, /^[a-z]+$/);
  }
});
