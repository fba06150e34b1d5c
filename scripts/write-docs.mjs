/**
 * The parts of the documentation that come from the registry: the list of
 * methods in docs/methods, those to beware of, the options of every call and
 * of the formatters. `npm run docs` writes them, a test compares them.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { promisify } from 'node:util';
import { createContainer, registryOf } from '../build/src/container/container.js';
import { describeOption } from '../build/src/options.js';
import { SHARED_OPTIONS } from '../build/src/explain/shared-options.js';

const ROOT = new URL('../', import.meta.url);
const { explainers, formatters } = registryOf(createContainer());

/** Path of every page that is written, with its text. */
export async function pages() {
  const choosing = await readFile(new URL('docs/choosing.md', ROOT), 'utf8');
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('build/src/cli/main.js', ROOT)),
    ...['methods', '--markdown'],
  ]);
  return new Map([
    ['docs/methods/index.md', stdout],
    ['docs/options.md', sharedPage()],
    ['docs/format-options.md', optionsPage()],
    ['docs/choosing.md', between(choosing, 'beware', beware())],
  ]);
}

function between(text, name, content) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/choosing.md must hold ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/** Methods that the registry itself warns of, by what it says. */
function beware() {
  const said = new Map();
  for (const { id, sanity } of explainers.values()) {
    if (sanity !== undefined) said.set(sanity, [...(said.get(sanity) ?? []), `\`${id}\``]);
  }
  return [...said].map(([sanity, ids]) => `- ${ids.join(', ')}: ${sanity}`).join('\n');
}

function optionsPage() {
  const sections = [...formatters.values()].map(({ id, description, options, extensions }) => {
    const endings = extensions.map((ending) => `\`.${ending}\``).join(', ');
    return [
      `## ${id}`,
      `${description}${endings === '' ? '' : ` Chosen by ${endings}.`}`,
      tableOf(options),
    ].join('\n\n');
  });
  return [
    '# Options of the formatters',
    'Written from the registry by `npm run docs`. What each formatter is for: [formatters](formats.md).',
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function sharedPage() {
  return [
    '# Options of every method',
    'Written from their declaration by `npm run docs`. `explainPrediction`, `explainPredictions`, `explainBatch` and `showPrediction` take them beside the options of the method ([methods](methods/index.md)). What a target is: [targets](targets.md).',
    tableOf(SHARED_OPTIONS),
  ]
    .join('\n\n')
    .concat('\n');
}

function tableOf(options) {
  const rows = Object.entries(options).map(
    ([name, spec]) =>
      `| \`${name}\` | ${presetOf(spec.default)} | ${cell(spec.help)} | ${cell(describeOption(spec))} |`,
  );
  return ['| option | default | what | allowed |', '|---|---|---|---|', ...rows].join('\n');
}

function presetOf(value) {
  if (value === undefined) return '–';
  return typeof value === 'function' ? 'a function' : `\`${JSON.stringify(value)}\``;
}

function cell(text) {
  return String(text).replaceAll('|', '\\|').replace(/\s+/g, ' ');
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [path, text] of await pages()) await writeFile(new URL(path, ROOT), text);
}
