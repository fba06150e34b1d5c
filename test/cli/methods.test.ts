import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { whylens } from '../helpers/command.js';

const registry = registryOf(createContainer());

test('every registered method is listed with its family, needs, cost and reference', async (t) => {
  const { stdout, code } = await whylens(['methods']);
  t.is(code, 0);
  for (const { id, cost, reference, sanity } of registry.explainers.values()) {
    t.true(stdout.includes(`  ${id} `), id);
    for (const text of [cost, reference, sanity ?? ''])
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
    t.true(stdout.includes(help), help);
  }
});
