import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { MODULES, whylens, whylensHere } from '../helpers/command.js';

const registry = registryOf(createContainer());

test('every registered method has one line that says what it does', async (t) => {
  const { stdout, code } = await whylensHere(['methods']);
  t.is(code, 0);
  const lines = stdout.split('\n').filter((line) => line.startsWith('  '));
  t.is(lines.length, registry.explainers.size);
  for (const { id, summary } of registry.explainers.values()) {
    const line = lines.find((one) => one.startsWith(`  ${id} `));
    t.truthy(summary, `${id}: give it a 'summary' of at most 56 characters`);
    t.true(line?.endsWith(` ${summary!}`), id);
    t.true(line!.length <= 80, line);
  }
});

test('a plugin without a summary has the first sentence of its description', async (t) => {
  const { stdout } = await whylensHere(['methods', '--plugin', MODULES.explainer]);
  const { stdout: details } = await whylensHere([
    ...['methods', 'grid-occlusion'],
    ...['--plugin', MODULES.explainer],
  ]);
  const line = /^ {2}grid-occlusion +(.+)$/m.exec(stdout)?.[1];
  t.truthy(line);
  t.true(details.includes(line!));
});

test('the details say family, needs, cost and reference', async (t) => {
  for (const { id, cost, reference, sanity } of registry.explainers.values()) {
    const { stdout } = await whylensHere(['methods', id]);
    for (const text of [id, cost, reference, sanity ?? '', 'needs ', 'explains '])
      t.true(stdout.includes(text), `${id}: ${text}`);
  }
});

test('as JSON the list is data', async (t) => {
  const { stdout } = await whylens(['methods', '--json']);
  const list = JSON.parse(stdout) as { id: string; options: { name: string }[] }[];
  t.deepEqual(
    list.map(({ id }) => id),
    [...registry.explainers.keys()],
  );
  for (const { id, options } of list) {
    t.deepEqual(
      options.map(({ name }) => name),
      Object.keys(registry.explainer(id).options),
    );
  }
});

test('one method is shown with every option, its range and its default', async (t) => {
  const explainer = [...registry.explainers.values()].sort(
    (a, b) => Object.keys(b.options).length - Object.keys(a.options).length,
  )[0];
  const { stdout } = await whylens(['methods', explainer.id]);
  t.true(stdout.includes(explainer.description));
  for (const [name, { help }] of Object.entries(explainer.options)) {
    t.true(stdout.includes(`--opt ${name}=`), name);
    // a capital letter at the beginning is all that may differ
    t.true(stdout.includes(help.slice(1)), help);
  }
});
