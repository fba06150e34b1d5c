/** Plugins of all three kinds, loaded in all the ways there are. */
import { join } from 'node:path';
import test from 'ava';
import { ContainerModule } from 'inversify';
import { loadPlugin, registryOf } from '../../src/container/container.js';
import { TOKENS } from '../../src/container/tokens.js';
import customExplainer from '../../examples/custom-explainer.js';
import {
  createContainer,
  explainPrediction,
  isWhylensError,
  setDefaultContainer,
  showPrediction,
  type ImageExplanation,
} from 'whylens';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';
import { fakeInputs } from '../helpers/fake-model.js';
import customAdapter from '../plugins/custom-adapter.js';
import customFormatter from '../plugins/custom-formatter.js';
import fake from '../plugins/fake-model.js';
import sides from '../plugins/sides-model.js';

const DOC = { shape: [1, 4, 6, 3], data: Float32Array.from({ length: 72 }, (_, i) => i / 72) };
const GRID = { method: 'grid-occlusion', rows: 2, columns: 3, targets: [1] };

/** Each cell hides 1/6 of the picture; class 1 sees the right half, so only its columns count. */
function gridByHand(): number[] {
  const fall = [0, 0, 0, 0, 0, 0];
  for (let y = 0; y < 4; y++) {
    for (let x = 3; x < 6; x++) {
      for (let c = 0; c < 3; c++) {
        fall[Math.floor(y / 2) * 3 + Math.floor(x / 2)] += DOC.data[(y * 6 + x) * 3 + c] / 72;
      }
    }
  }
  return fall;
}

test('the example explainer computes what it says', async (t) => {
  const expl = (await explainPrediction(sides, DOC, {
    ...GRID,
    plugins: [customExplainer],
  })) as ImageExplanation;
  t.deepEqual(expl.targets[0].heatmap.shape, [2, 3]);
  const expected = gridByHand();
  expl.targets[0].heatmap.data.forEach((value, cell) => {
    t.true(Math.abs(value - expected[cell]) < 1e-6, `cell ${cell}: ${value}, ${expected[cell]}`);
  });
  t.is(expl.parameters.rows, 2);
});

test('its options change the map', async (t) => {
  const map = async (options: object) => {
    const record = await explainPrediction(sides, DOC, {
      ...GRID,
      plugins: [customExplainer],
      ...options,
    });
    return JSON.stringify(Array.from((record as ImageExplanation).targets[0].heatmap.data));
  };
  const plain = await map({});
  for (const options of [{ rows: 4 }, { columns: 2 }, { fill: 1 }])
    t.not(await map(options), plain);
});

test('an explainer: a loaded container, an option of the call, the default container', async (t) => {
  const container = createContainer();
  container.load(customExplainer);
  t.is((await explainPrediction(sides, DOC, { ...GRID, container })).method, 'grid-occlusion');
  t.is(
    (await explainPrediction(sides, DOC, { ...GRID, plugins: [customExplainer] })).method,
    'grid-occlusion',
  );
  const unknown = await t.throwsAsync(explainPrediction(sides, DOC, GRID));
  t.true(isWhylensError(unknown, 'UNKNOWN_METHOD'), 'the call left nothing behind');
  setDefaultContainer(createContainer(customExplainer));
  try {
    t.is((await explainPrediction(sides, DOC, GRID)).method, 'grid-occlusion');
  } finally {
    setDefaultContainer(undefined);
  }
});

test('a formatter: a loaded container, an option of the call, the default container', async (t) => {
  const container = createContainer();
  container.load(customFormatter, customExplainer);
  const call = { ...GRID, formatter: 'peak', format: { shout: true } };
  const expected = 'TARGET 1 PEAKS IN ROW 1, COLUMN 2';
  t.is(await showPrediction(sides, DOC, { ...call, container }), expected);
  t.is(
    await showPrediction(sides, DOC, { ...call, plugins: [customFormatter, customExplainer] }),
    expected,
  );
  t.not(await showPrediction(sides, DOC, { ...call, format: {}, container }), expected);
  setDefaultContainer(container);
  try {
    t.is(await showPrediction(sides, DOC, call), expected);
  } finally {
    setDefaultContainer(undefined);
  }
});

test('a model adapter: a loaded container, an option of the call, the default container', async (t) => {
  const doc = fakeInputs([6, 8, 3]);
  const unsupported = await t.throwsAsync(explainPrediction(fake, doc));
  t.true(isWhylensError(unsupported, 'UNSUPPORTED_MODEL'));
  const container = createContainer();
  container.load(customAdapter);
  t.is((await explainPrediction(fake, doc, { container })).estimator, 'fake network');
  t.is(
    (await explainPrediction(fake, doc, { plugins: [customAdapter] })).estimator,
    'fake network',
  );
  setDefaultContainer(container);
  try {
    t.is((await explainPrediction(fake, doc)).estimator, 'fake network');
  } finally {
    setDefaultContainer(undefined);
  }
});

test('two plugins of one id: refused, with what is registered, and taken out again', async (t) => {
  const container = createContainer(customExplainer);
  const error = t.throws(() => createContainer(customExplainer, customExplainer));
  t.true(isWhylensError(error, 'DUPLICATE_PLUGIN'));
  t.regex(error.message, /claim the id 'grid-occlusion'.*Registered: grad-cam, /);
  t.is((await explainPrediction(sides, DOC, { ...GRID, container })).method, 'grid-occlusion');
});

test('all three from the command', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'a.png'), (x) => x > 40);
  const formatter = ['--plugin', MODULES.formatter, '-i', image, '-o', '-', '-q'];
  const explained = await whylensHere([
    ...['explain', '-m', MODULES.sidesModel, '--plugin', MODULES.explainer],
    ...['--method', 'grid-occlusion', '-t', 'right', '--as', 'peak', '--shout', ...formatter],
  ]);
  t.is(explained.stdout, 'TARGET 1 PEAKS IN ROW 0, COLUMN 2\n', explained.stderr);
  const adapted = await whylensHere([
    ...[
      'explain',
      '-m',
      MODULES.fakeModel,
      '--plugin',
      MODULES.adapter,
      '--as',
      'peak',
      ...formatter,
    ],
  ]);
  t.regex(adapted.stdout, /^target \d peaks in row/, adapted.stderr);
  const twice = await whylensHere([
    ...['methods', '--plugin', MODULES.explainer, '--plugin', MODULES.explainer],
  ]);
  t.is(twice.code, 7);
  t.regex(twice.stderr, /two explainers claim the id 'grid-occlusion'/);
  const listed = await whylensHere(['methods', '--plugin', MODULES.explainer]);
  t.regex(listed.stdout, /grid-occlusion +How much the score falls/);
});

test('a module whose arrow returns what it bound is loaded as any other', (t) => {
  class Concise {
    id = 'concise';
    kinds = ['image'];
    options = {};
    extensions = [];
    format = () => '';
  }
  const module = new ContainerModule(
    ({ bind }) =>
      // types allow nothing to be returned, JavaScript does
      bind(TOKENS.Formatter).toConstantValue(new Concise() as never) as never,
  );
  const container = createContainer(module);
  t.true(registryOf(container).formatters.has('concise'));
  container.unload(module);
  t.false(registryOf(container).formatters.has('concise'));
});

test('a module that is async, old or broken is refused in words, and leaves nothing behind', (t) => {
  const bad: readonly (readonly [RegExp, ContainerModule])[] = [
    [/must not be async.*\(\{ bind \}\) =>/, new ContainerModule(async () => Promise.resolve())],
    [/must not be async/, new ContainerModule(async () => Promise.reject(new Error('late')))],
    [
      /bind is not a function.*one object/,
      new ContainerModule((bind) => void (bind as never as () => void)()),
    ],
    [
      /failed: halfway/,
      new ContainerModule(({ bind }) => {
        bind(TOKENS.Formatter).toConstantValue({ id: 'half' } as never);
        throw new Error('halfway');
      }),
    ],
  ];
  for (const [message, module] of bad) {
    const container = createContainer();
    const before = registryOf(container).formatters.size;
    const error = t.throws(() => loadPlugin(container, module));
    t.true(isWhylensError(error, 'INVALID_PLUGIN'));
    t.regex(error.message, message);
    t.is(registryOf(container).formatters.size, before);
  }
});
