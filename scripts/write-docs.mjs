/**
 * The parts of the documentation that come from the registry: the list of
 * methods in docs/methods, the short one in the readme, the options of every
 * call and of the formatters. `npm run docs` writes them, a test compares them.
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
const FAMILIES = {
  cam: 'Class activation maps',
  gradient: 'Gradients at the input',
  perturbation: 'Perturbations (any model that predicts)',
  wrapper: 'Wrappers around another method',
  other: 'Others',
};
const { explainers, formatters } = registryOf(createContainer());

/** Path of every page that is written, with its text. */
export async function pages() {
  const readme = await readFile(new URL('README.md', ROOT), 'utf8');
  const evaluation = await readFile(new URL('docs/evaluation.md', ROOT), 'utf8');
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('build/src/cli/main.js', ROOT)),
    ...['methods', '--markdown'],
  ]);
  return new Map([
    ['docs/methods/index.md', stdout],
    ['docs/options.md', sharedPage()],
    ['docs/format-options.md', optionsPage()],
    [
      'README.md',
      [
        ['methods', methodsTable()],
        ['beware', beware()],
        ['evaluation', evaluationTable(evaluation)],
      ].reduce((text, [name, content]) => between(text, name, content), readme),
    ],
  ]);
}

function between(text, name, content) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`README.md must hold ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

function methodsTable() {
  const sections = Object.entries(FAMILIES).flatMap(([family, title]) => {
    const members = [...explainers.values()].filter((one) => one.family === family);
    const rows = members.map(
      ({ id, reference, cost, needs }) =>
        `| [\`${id}\`](docs/methods/${encodeURI(id)}.md) | ${cell(reference)} | ${needs.gradients ? 'gradients' : needs.activations ? 'layers' : 'predictions'} | ${cell(cost)} |`,
    );
    return rows.length === 0 ? [] : [`| **${title}** | | | |`, ...rows];
  });
  return ['| method | source | needs | cost |', '|---|---|---|---|', ...sections].join('\n');
}

/** Methods that the registry itself warns of, by what it says. */
function beware() {
  const said = new Map();
  for (const { id, sanity } of explainers.values()) {
    if (sanity !== undefined) said.set(sanity, [...(said.get(sanity) ?? []), `\`${id}\``]);
  }
  return [...said].map(([sanity, ids]) => `- ${ids.join(', ')}: ${sanity}`).join('\n');
}

/** A few columns of the large table, without intervals. */
function evaluationTable(page) {
  const wanted = ['method', 'pointing', 'deletion', 'ROAD', 'randomisation', 'time'];
  const rows = page
    .split('<!-- table')[1]
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').slice(1, -1));
  const columns = wanted.map((name) => rows[0].findIndex((text) => text.trim().startsWith(name)));
  return rows
    .map((row) => columns.map((i) => row[i].replace(/<sub>.*?<\/sub>/g, '').trim()))
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
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
