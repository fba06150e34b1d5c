import test from 'ava';
import { ContainerModule } from 'inversify';
import { createContainer, explainPredictions, type Explanation } from '../../src/index.js';
import { TOKENS, type ExplainableModel, type ModelAdapter } from '../../src/entry/plugin.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';

const adapter: ModelAdapter = {
  id: 'fake',
  recognizes: 'the model of the tests',
  recognize: (model) => typeof model === 'object' && model !== null && 'ran' in model,
  adapt: async (model) => model as ExplainableModel,
};
const container = createContainer(
  new ContainerModule(({ bind }) => void bind(TOKENS.ModelAdapter).toConstantValue(adapter)),
);

const DOCUMENTS = Array.from({ length: 5 }, (_, i) => fakeInputs([6, 8, 3], 1, i + 1));

async function explained(
  targets: readonly (readonly number[])[],
  docs: Iterable<unknown> = DOCUMENTS,
): Promise<unknown[]> {
  const all: Explanation[] = [];
  const options = { targets, container, together: 2 };
  for await (const expl of explainPredictions(fakeClassifier(), docs, options)) all.push(expl);
  return all.map((expl) =>
    expl.kind === 'image' ? expl.targets.map(({ target }) => target) : expl.kind,
  );
}

test('targets may be named document by document, however many are explained together', async (t) => {
  const targets = [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 0],
    [2, 0],
  ];
  t.deepEqual(await explained(targets), targets);
  t.deepEqual(await explained(targets, new Set(DOCUMENTS)), targets);
});

test('a list too few or too many for the documents is an error that counts both', async (t) => {
  const short = { code: 'INVALID_TARGET', message: /got 4 lists for 5 documents/ };
  await t.throwsAsync(explained([[0], [1], [2], [3]]), short);
  await t.throwsAsync(explained([[0], [1], [2], [3]], new Set(DOCUMENTS)), short);
  const long = { code: 'INVALID_TARGET', message: /got 6 lists for 5 documents/ };
  await t.throwsAsync(explained([[0], [1], [2], [3], [0], [1]]), long);
  await t.throwsAsync(explained([[0], [1], [2], [3], [0], [1]], new Set(DOCUMENTS)), long);
});
