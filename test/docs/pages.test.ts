/** Pages that are written from the registry are up to date, and every link leads somewhere. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import sharp from 'sharp';
import { COMMANDS } from '../../src/cli/commands.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { explainPrediction, formatAsText, loadImage, loadModel } from '../../src/index.js';
import { DEFAULT_METHOD } from '../../src/explain/explain.js';
import { PREPROCESS_MODES } from '../../src/images/preprocess.js';
import * as targets from '../../src/model/targets.js';
import { BACKENDS } from '../../src/model/tfjs/backend.js';
import { DEFAULT_FILTER } from '../../src/explain/shared-options.js';

const docs = (await readdir('docs', { recursive: true }))
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name));
const pages = new Map<string, string>();
for (const path of ['README.md', 'CHANGELOG.md', 'demo/README.md', ...docs]) {
  pages.set(path, await readFile(path, 'utf8'));
}

test('every script that a text names is there', async (t) => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  const texts = new Map(pages);
  for (const folder of ['bench', 'demo', 'scripts', 'src', 'test', '.']) {
    for (const name of await readdir(folder, { recursive: folder !== '.' })) {
      if (!/[.](ts|mjs|md)$/.test(name)) continue;
      texts.set(join(folder, name), await readFile(join(folder, name), 'utf8'));
    }
  }
  for (const [path, text] of texts) {
    for (const [, name] of text.matchAll(/\bnpm run ([a-z][\w:]*)/g)) {
      t.true(Object.hasOwn(scripts, name), `${path} names 'npm run ${name}'`);
    }
  }
});

test('what comes from the registry is what stands there', async (t) => {
  const script: string = pathToFileURL(resolve('scripts/write-docs.mjs')).href;
  const { pages: write } = (await import(script)) as { pages(): Promise<Map<string, string>> };
  const written = await write();
  t.deepEqual([...written.keys()].sort(), [
    'docs/choosing.md',
    'docs/format-options.md',
    'docs/methods/index.md',
    'docs/options.md',
  ]);
  for (const [path, text] of written) {
    t.is(await readFile(path, 'utf8'), text, `${path}: run npm run docs`);
  }
});

test('the index and the gallery list every method, the options page every option', (t) => {
  const { explainers, formatters } = registryOf(createContainer());
  for (const { id, documents } of explainers.values()) {
    t.true(pages.get('docs/methods/index.md')!.includes(`| [\`${id}\`](`), id);
    if (!documents.includes('image')) continue;
    t.true(pages.get('docs/gallery.md')!.includes(`\`${id}\``), `${id}: run npm run docs:gallery`);
  }
  const sections = pages.get('docs/format-options.md')!.split('\n## ');
  for (const { id, options } of formatters.values()) {
    const section = sections.find((text) => text.startsWith(`${id}\n`));
    for (const name of Object.keys(options)) t.true(section?.includes(`\n| \`${name}\` |`), name);
  }
});

test('the index of the documentation names every page', (t) => {
  const index = pages.get('docs/README.md')!;
  for (const path of docs) {
    if (dirname(path) !== 'docs' || path === 'docs/README.md') continue;
    t.true(index.includes(`](${path.slice('docs/'.length)})`), path);
  }
});

test('links lead to files and headings that exist', (t) => {
  let count = 0;
  for (const [path, text] of pages) {
    const prose = text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
    for (const [, link] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [file, anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), decodeURI(file));
      t.true(existsSync(target), `${path}: ${link}`);
      if (anchor !== undefined) t.true(headings(pages.get(target)!).includes(anchor), link);
      count++;
    }
  }
  t.true(count > 100, String(count));
});

test('the readme is short, opens with the strip, and its two commands stand first', async (t) => {
  const readme = pages.get('README.md')!;
  t.true(readme.split('\n').length <= 160, 'about 150 lines');
  const [, first] = /^!\[[^\]]+\]\(([^)]+)\)/m.exec(readme) ?? [];
  t.is(first, 'docs/images/strip.jpg');
  const { height = 0 } = await sharp(first).metadata();
  t.true(height > 0 && height <= 300, `${height} pixels high`);
  const [commands] = readme.match(/```sh\n[^]*?```/) ?? [];
  t.is(commands, '```sh\nnpm ci && npm run demo\nnpm ci && npm test\n```');
});

test('what the readme says is printed is printed', async (t) => {
  const [, said] = /```text\n([^]*?)\n```/.exec(pages.get('README.md')!) ?? [];
  const model = await loadModel('demo/model', {
    labels: 'demo/model/labels.json',
    preprocess: 'tf',
    backend: 'wasm',
  });
  const picture = await loadImage('demo/scenes/banana-and-dog.png');
  const expl = await explainPrediction(model, picture, { targets: ['dog', 'banana'] });
  model.dispose();
  t.true(said.length > 100);
  t.true(formatAsText(expl).includes(said));
});

test('names and defaults in the prose are those of the code', async (t) => {
  const page = (name: string): string => pages.get(name)!;
  const errors = await readFile('src/errors.ts', 'utf8');
  const [codes] = /ErrorCode =[^;]*;/.exec(errors) ?? [''];
  t.deepEqual(
    rowsOf(page('docs/errors.md')),
    [...codes.matchAll(/'(\w+)'/g)].map(([, code]) => code),
  );
  t.deepEqual(
    rowsOf(page('docs/command.md')),
    COMMANDS.map(({ name }) => name),
  );
  t.deepEqual(rowsOf(section(page('README.md'), 'Backends')).sort(), [...BACKENDS].sort());
  for (const mode of PREPROCESS_MODES) t.true(page('docs/models.md').includes(`\`${mode}\``), mode);
  t.true(page('docs/models.md').includes(`which filter, default \`${DEFAULT_FILTER}\``));
  t.true(page('README.md').includes(`Start with \`${DEFAULT_METHOD}\``));
  for (const name of Object.keys(targets).filter((key) =>
    /Target$|^topClass|^negative|^rather/.test(key),
  )) {
    if (name === 'concreteTarget' || name === 'describeTarget') continue;
    t.true(page('docs/targets.md').includes(`${name}(`), name);
  }
});

test('the readme names the package file of this version', async (t) => {
  const { name, version } = JSON.parse(await readFile('package.json', 'utf8')) as {
    name: string;
    version: string;
  };
  t.true(pages.get('README.md')!.includes(`./${name}-${version}.tgz`));
});

/** First cells of table rows that hold a name. */
function rowsOf(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
}

function section(text: string, title: string): string {
  return text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
}

/** Headings as the web sites that show Markdown address them. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
