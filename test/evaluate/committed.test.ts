/** What was measured, what the page says and what the methods say of themselves agree. */
import { readFile } from 'node:fs/promises';
import { mapMethods } from '../helpers/pictures.js';
import test from 'ava';
import type { EvaluationTable } from '../../demo/evaluation.js';
import { withTable } from '../../demo/evaluation-page.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { SANITY } from '../../src/container/plugin.js';
import { verdictOf } from '../../src/evaluate/randomisation.js';

const { explainers } = registryOf(createContainer());
const read = async () =>
  JSON.parse(await readFile('docs/evaluation.json', 'utf8')) as EvaluationTable;

test('every method that makes maps was measured', async (t) => {
  const { methods } = await read();
  t.deepEqual(
    methods.map(({ id }) => id),
    [...mapMethods(explainers).keys()],
  );
});

test('methods that failed the randomisation check say so, and no others', async (t) => {
  for (const { id, randomisation } of (await read()).methods) {
    const verdict = verdictOf(randomisation.stages);
    t.is(verdict.passed, randomisation.passed, id);
    const said = verdict.passed
      ? undefined
      : SANITY[verdict.reason!.includes('head') ? 'head' : 'weights'];
    const says = explainers.get(id)!.sanity;
    // a wrapper was measured with its default method, and says with which
    t.is(
      says?.replace(/^of [\w-]+, its default: /, ''),
      said,
      `${id}: ${randomisation.reason ?? 'passed'}`,
    );
  }
});

test('the page has the table of the numbers', async (t) => {
  const page = await readFile('docs/evaluation.md', 'utf8');
  t.is(withTable(page, await read()), page, 'run: npm run evaluate');
});
