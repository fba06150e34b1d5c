import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import test, { type ExecutionContext } from 'ava';
import { Command, Option } from 'commander';
import { shapeOf, valueOf } from '../../src/cli/config/value.js';
import { collect, positiveNumber } from '../../src/cli/flags/shared.js';
import { emptyFolder, MODULES, whylens, writePicture } from '../helpers/command.js';
import { configSchema } from '../helpers/config-schema.js';

const NAME = 'whylens.config.json';

/** A project with a configuration, a picture below it, and where a command is run: in `deep/down`. */
async function project(t: ExecutionContext, config: unknown): Promise<string> {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, NAME), typeof config === 'string' ? config : JSON.stringify(config));
  const cwd = join(folder, 'deep', 'down');
  await mkdir(cwd, { recursive: true });
  await writeFile(join(folder, 'names.txt'), 'left half\nright half\nlow half\n');
  await writeFile(
    join(folder, 'model.mjs'),
    `export * from '${MODULES.sidesModel}';
export { default } from '${MODULES.sidesModel}';`,
  );
  await writePicture(join(cwd, 'a.png'), (x) => x < 20);
  return cwd;
}

test('the file of a folder above gives model, labels and count; paths count from it', async (t) => {
  const cwd = await project(t, { model: 'model.mjs', labels: './names.txt', top: 1, seed: 3 });
  const said = await whylens(['predict', 'a.png', '--json', '-v'], { cwd });
  t.is(said.code, 0, said.stderr);
  const [{ outputs }] = JSON.parse(said.stdout) as { outputs: { top: { label: string }[] }[] }[];
  t.deepEqual(
    outputs[0].top.map(({ label }) => label),
    ['left half'],
  );
  t.regex(
    said.stderr,
    /whylens\.config\.json: model ".*model\.mjs", labels ".*names\.txt", top 1 taken\n/,
  );
  t.notRegex((await whylens(['predict', 'a.png'], { cwd })).stderr, /taken/);
});

test('a flag wins over a variable, that over the file, that over the default', async (t) => {
  const cwd = await project(t, { model: 'model.mjs', labels: 'names.txt', top: 1 });
  const other = join(cwd, 'other.txt');
  await writeFile(other, 'west\neast\nsouth\n');
  await writeFile(join(cwd, 'third.txt'), 'links\nrechts\nunten\n');
  const env = { WHYLENS_LABELS: other };
  const labels = async (args: string[], env: Record<string, string>) =>
    (await whylens(['predict', 'a.png', ...args], { cwd, env })).stdout;
  t.regex(await labels([], {}), /left half/);
  t.notRegex(await labels([], {}), /right half/);
  t.regex(await labels(['--top', '3'], {}), /right half/);
  t.regex(await labels([], env), /west/);
  t.regex(await labels(['--labels', 'third.txt'], env), /links/);
});

test('--no-config, an empty variable and a file by name', async (t) => {
  const cwd = await project(t, { model: 'model.mjs' });
  for (const [args, env] of [
    [['--no-config'], {}],
    [[], { WHYLENS_CONFIG: '' }],
  ] as const) {
    const { code, stderr } = await whylens(['predict', 'a.png', ...args], { cwd, env });
    t.is(code, 2);
    t.regex(stderr, /required option '-m, --model/);
  }
  await writeFile(join(cwd, 'mine.json'), JSON.stringify({ model: '../../model.mjs', top: 1 }));
  const mine = await whylens(['predict', 'a.png', '-v'], {
    cwd,
    env: { WHYLENS_CONFIG: 'mine.json' },
  });
  t.is(mine.code, 0, mine.stderr);
  t.regex(mine.stderr, /mine\.json: model .*, top 1 taken/);
  const gone = await whylens(['predict', 'a.png'], { cwd, env: { WHYLENS_CONFIG: 'gone.json' } });
  t.is(gone.code, 5);
  t.regex(gone.stderr, /cannot read the configuration '.*gone\.json': there is no such file/);
});

test('an unknown flag, a wrong kind and broken JSON are errors; the help is printed all the same', async (t) => {
  for (const [config, expected] of [
    [{ batchsize: 3 }, /'batchsize' in '.*' is a flag of no command; did you mean 'batchSize'\?/],
    [{ 'batch-size': 3 }, /did you mean 'batchSize'\?/],
    [{ config: 'x' }, /'config' in '.*' is a flag of no command/],
    [{ top: 'many' }, /'top' in '.*' must be a whole number, got "many"/],
    [{ top: [1, 2] }, /'top' in '.*' must be a text or a number, got an array of length 2/],
    [{ json: 'yes' }, /'json' in '.*' must be true or false, got "yes"/],
    [{ preprocess: 'tff' }, /'preprocess' in '.*' must be one of .*tf.*, got "tff"/],
    [{ model: null }, /'model' in '.*' must be a text or a number, got null/],
    ['{ "model": ', /the configuration '.*' must be JSON, without comments/],
    [[1], /must be a JSON object such as .*, got an array/],
  ] as const) {
    const cwd = await project(t, config);
    const { code, stderr } = await whylens(['predict', '-m', '../../model.mjs', 'a.png'], { cwd });
    t.is(code, 2, stderr);
    t.regex(stderr, expected);
    t.is((await whylens(['predict', '--help'], { cwd })).code, 0);
  }
});

test('a flag replaces a list of the file; options of other formatters are ignored', async (t) => {
  const cwd = await project(t, {
    model: 'model.mjs',
    method: 'occlusion',
    opt: { patch: 30 },
    target: ['left', 'right'],
    colormap: 'viridis',
  });
  const explain = async (...args: string[]) => {
    const { code, stdout, stderr } = await whylens(
      ['explain', 'a.png', '--as', 'json', '-o', '-', ...args],
      { cwd },
    );
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as {
      method: string;
      targets: { target: number }[];
      parameters: { patch?: unknown };
    };
  };
  const both = await explain();
  t.is(both.method, 'occlusion');
  t.deepEqual(
    both.targets.map(({ target }) => target),
    [0, 1],
  );
  t.is(JSON.stringify(both.parameters.patch), '[30,30]');
  const one = await explain('-t', 'right', '--opt', 'patch=20');
  t.deepEqual(
    one.targets.map(({ target }) => target),
    [1],
  );
  t.is(JSON.stringify(one.parameters.patch), '[20,20]');
  // options of the file's method are none of another
  t.is((await explain('--method', 'rise', '--opt', 'masks=8')).method, 'rise');
});

test('labels of the file do not go with another model, nor its backend with another engine', async (t) => {
  const cwd = await project(t, {
    model: 'model.mjs',
    labels: 'names.txt',
  });
  await writeFile(join(cwd, 'other.mjs'), await readFile(join(cwd, '..', '..', 'model.mjs')));
  const run = (args: string[], env = {}) =>
    whylens(['predict', 'a.png', '-v', ...args], { cwd, env });
  t.regex((await run([])).stdout, /left half/);
  t.regex((await run(['-m', '../../model.mjs'])).stdout, /left half/);
  t.notRegex((await run(['-m', 'other.mjs'])).stdout, /left half/);
  t.notRegex((await run([], { WHYLENS_MODEL: 'other.mjs' })).stdout, /left half/);
  await writeFile(join(cwd, NAME), JSON.stringify({ engine: 'tfjs', backend: 'wasm' }));
  const taken = async (args: string[], env = {}) =>
    /config\.json: (.*) taken/.exec((await run(['-m', 'other.mjs', ...args], env)).stderr)?.[1] ??
    '';
  t.regex(await taken([]), /engine "tfjs", backend "wasm"/);
  t.notRegex(await taken(['--engine', 'onnxruntime']), /engine|backend/);
  t.notRegex(await taken([], { WHYLENS_ENGINE: 'onnxruntime' }), /engine|backend/);
  t.is(await taken(['--backend', 'cpu']), 'nothing');
  t.regex(await taken([], { WHYLENS_BACKEND: 'cpu' }), /engine "tfjs"$/);
});

test('a plugin of the file is loaded before the command says what it has', async (t) => {
  const cwd = await project(t, { plugin: 'plugin.mjs' });
  await writeFile(
    join(cwd, '..', '..', 'plugin.mjs'),
    `export { default } from '${MODULES.explainer}';`,
  );
  const listed = async (...args: string[]) =>
    (await whylens(['methods', '--json', ...args], { cwd })).stdout;
  t.not(await listed(), await listed('--no-config'));
});

const FILE = { path: '/project/whylens.config.json', folder: '/project', values: {} };

test('kinds of flags, and where paths lead', (t) => {
  const plugin = new Option('--plugin <module>').argParser<string[]>(collect);
  const compare = new Option('-m, --model <paths>');
  const image = new Option('--image <path...>');
  t.is(shapeOf(new Option('--json')), 'switch');
  t.is(shapeOf(new Option('--colorbar [boolean]')), 'boolean');
  t.is(shapeOf(plugin), 'list');
  t.deepEqual(valueOf(plugin, ['./a.js', 'whylens-more', '@a/b'], FILE), [
    '/project/a.js',
    'whylens-more',
    '@a/b',
  ]);
  t.is(
    valueOf(compare, 'a.onnx, https://example.org/b', FILE),
    '/project/a.onnx,https://example.org/b',
  );
  t.deepEqual(valueOf(image, ['-', 'left=x.png', '/y.png'], FILE), [
    '-',
    'left=/project/x.png',
    '/y.png',
  ]);
  t.is(valueOf(new Option('--colorbar [boolean]'), false, FILE), 'false');
  t.is(valueOf(new Option('--top <n>').argParser(positiveNumber), '7', FILE), 7);
  t.throws(() => valueOf(new Option('--top <n>').argParser(positiveNumber), 0, FILE), {
    code: 'INVALID_OPTION',
    message: /'top' in '.*' must be at least 1, got 0/,
  });
  t.is(new Command().addOption(compare).options[0].attributeName(), 'model');
});

test('the schema in the package is what the commands declare', async (t) => {
  const path = 'schema/config.schema.json';
  const schema = await configSchema();
  const made = `${JSON.stringify(schema, undefined, 2)}\n`;
  if (process.env.UPDATE_SNAPSHOTS === '1') writeFileSync(path, made);
  t.true(existsSync(path));
  t.is(
    readFileSync(path, 'utf8'),
    made,
    'flags and schema differ: run again with UPDATE_SNAPSHOTS=1',
  );
  const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
    schema,
  );
  t.true(validate({ $schema: 'x', model: 'a', target: ['x', 3], opt: { patch: 3 }, json: true }));
  t.false(validate({ modle: 'a' }));
  t.false(validate({ force: 'yes' }));
  t.false(validate({ preprocess: 'tff' }));
});
