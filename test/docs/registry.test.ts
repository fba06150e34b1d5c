/** The documentation says what the code does. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { whylensHere } from '../helpers/command.js';

const { explainers } = registryOf(createContainer());
const FOLDER = 'docs/methods';

test('the index of methods is the one that the registry gives', async (t) => {
  const { stdout } = await whylensHere(['methods', '--markdown']);
  const written = await readFile(join(FOLDER, 'index.md'), 'utf8');
  t.is(written, stdout, 'run: npm run docs');
});

test('every method has a page and every page a method', async (t) => {
  const pages = (await readdir(FOLDER)).filter((name) => name !== 'index.md').sort();
  t.deepEqual(pages, [...explainers.keys()].map((id) => `${id}.md`).sort());
});

for (const { id, options: own, rows: ofRows } of explainers.values()) {
  const options = { ...ofRows?.options, ...own };
  test(`page of ${id}: its name, its options, their defaults`, async (t) => {
    const page = await readFile(join(FOLDER, `${id}.md`), 'utf8');
    t.true(page.startsWith(`# ${id}\n`));
    const rows = [...page.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm)];
    t.deepEqual([...new Set(rows.map(([, name]) => name))].sort(), Object.keys(options).sort());
    for (const [, name, said] of rows) {
      const text = said.replaceAll('`', '').trim();
      // the same name may stand in both tables, of pictures and of rows
      const specs = [own[name], ofRows?.options[name]].filter((spec) => spec !== undefined);
      t.true(
        specs.some((spec) => says(text, spec.default)),
        `${name}: ${text}, not ${specs.map((spec) => String(spec.default)).join(' or ')}`,
      );
    }
  });
}

test('links between the pages lead somewhere', async (t) => {
  const files = (await readdir('docs', { recursive: true })).filter((name) => name.endsWith('.md'));
  t.true(files.length > explainers.size);
  for (const file of files) {
    const path = join('docs', file);
    const page = await readFile(path, 'utf8');
    for (const [, link] of page.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      t.true(existsSync(join(dirname(path), decodeURI(link))), `${path}: ${link}`);
    }
  }
});

/** Whether a cell of the page names this default. */
function says(text: string, preset: unknown): boolean {
  if (preset === undefined) return text !== '';
  if (typeof preset === 'number') return numberOf(text) === preset;
  const said = Array.isArray(preset) ? preset.join(', ') : String(preset as string | boolean);
  return text === said || (said === '' && /^(empty|none)$/.test(text));
}

/** `0.25`, or a fraction such as `1/256`. */
function numberOf(text: string): number {
  const [above, below = '1'] = text.split('/');
  return Number(above) / Number(below);
}
