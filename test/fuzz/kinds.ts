/** What is tried: one trial of each kind is a promise that ends well or in an error with a code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { formatAsJson, explanationFromJson } from '../../formatters/json.js';
import { parseTarget } from '../../src/cli/target-expression.js';
import { run } from '../../src/cli/run.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { EXPLANATION_KINDS } from '../../src/explanation.js';
import { loadImage, loadLabels, loadModel, predict, readTable } from '../../src/index.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { GraphBuilder } from '../helpers/graph.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';
import { records } from '../helpers/records.js';
import { sharedDir } from '../helpers/shared.js';
import { chance, mixedText, mutatedBytes, mutatedJson, type Chance } from './mutate.js';

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}
export type Trial = (seed: number) => Promise<unknown>;

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const file = (path: string): NamedBytes => ({ name: basename(path), bytes: readFileSync(path) });
/** What other libraries wrote lies outside the repository. */
const SHARED: Readonly<Record<string, string>> = {
  keras: 'keras/plain.keras3.keras',
  h5: 'keras/plain.keras3.h5',
  'xgboost-json': 'tabular/2-trees/xgb-breast-dart/model.xgb.json',
  'xgboost-ubj': 'tabular/2-trees/xgb-breast-dart/model.ubj',
  lightgbm: 'tabular/2-trees/lgb-breast-zeromissing/model.lgb.txt',
  'sklearn-linear': 'tabular/3-agnostic/logreg-iris/model.json',
  'sklearn-trees': 'tabular/3-agnostic/gb-wine-multiclass/model.json',
};
const sharedSeed = (kind: string) => join(sharedDir() ?? 'nowhere', 'golden', SHARED[kind]);
const fuzz = (kind: string) => (): readonly NamedBytes[] => [file(sharedSeed(kind))];

/** False for a kind whose file is not on this machine (see `WHYLENS_SHARED`). */
export const hasSeed = (kind: string): boolean =>
  !Object.hasOwn(SHARED, kind) || existsSync(sharedSeed(kind));

function mutated({ name, bytes }: NamedBytes, chances: Chance): NamedBytes {
  const isText = /[.](json|txt)$/.test(name);
  if (name.endsWith('.json') && chances.below(4) > 0) {
    return { name, bytes: encoder.encode(mutatedJson(decoder.decode(bytes), chances)) };
  }
  const changed = mutatedBytes(bytes, chances);
  return {
    name,
    bytes: isText && chances.below(2) === 0 ? encoder.encode(decoder.decode(changed)) : changed,
  };
}

function graphFiles(): readonly NamedBytes[] {
  const builder = new GraphBuilder();
  builder.placeholder('x', [-1, 6, 5, 3]);
  builder.constant(
    'k',
    [3, 3, 3, 4],
    Float32Array.from({ length: 108 }, (_, i) => Math.sin(i)),
  );
  builder.op('Conv2D', 'conv', ['x', 'k'], {
    strides: [1, 1, 1, 1],
    padding: 'SAME',
    data_format: 'NHWC',
  });
  builder.op('Relu', 'relu', ['conv']);
  builder.op('Mean', 'mean', ['relu', builder.ints('axes', [1, 2])], { keep_dims: false });
  builder.op('Softmax', 'prob', ['mean']);
  return builder.files({ inputs: { x: 'x:0' }, outputs: { prob: 'prob:0' } });
}
function onnxFiles(): readonly NamedBytes[] {
  const model = onnxModel({
    nodes: [
      node('Conv', ['x', 'k'], ['c'], { attributes: { pads: [1, 1, 1, 1] } }),
      node('Relu', ['c'], ['r']),
      node('GlobalAveragePool', ['r'], ['g']),
      node('Flatten', ['g'], ['f']),
      node('Softmax', ['f'], ['y']),
    ],
    inputs: { x: [1, 3, 6, 5] },
    outputs: ['y'],
    initializers: [
      floats(
        'k',
        [4, 3, 3, 3],
        Array.from({ length: 108 }, (_, i) => Math.sin(i)),
      ),
    ],
  });
  return [{ name: 'm.onnx', bytes: new Uint8Array(Buffer.concat(encodeOnnx(model))) }];
}

export const MODELS: Readonly<Record<string, () => readonly NamedBytes[]>> = {
  layers: () => [file('demo/model/model.json'), file('demo/model/weights.bin')],
  graph: graphFiles,
  onnx: onnxFiles,
  ...Object.fromEntries(Object.keys(SHARED).map((kind) => [kind, fuzz(kind)])),
};

/** Every stored model beside the repository is a kind of its own, `shared/` and its place. */
const SHARED_KIND = 'shared/';
const MODEL_FILE =
  /[.](onnx|keras|h5|ubj|lgb[.]txt|lgb[.]json|xgb[.]json)$|(^|[/])model[.](json|txt)$/;
export function sharedKinds(): string[] {
  const root = sharedDir();
  if (root === undefined) return [];
  const found = ['golden', 'models'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(folder, name),
    ),
  );
  return found
    .filter((name) => MODEL_FILE.test(name))
    .sort()
    .map((name) => `${SHARED_KIND}${name}`);
}
/** A model with the files beside it that it names: shards, external data, a tokenizer. */
function sharedFiles(kind: string): readonly NamedBytes[] {
  const path = join(sharedDir() ?? 'nowhere', kind.slice(SHARED_KIND.length));
  const beside = readdirSync(dirname(path)).filter((name) =>
    basename(path) === 'model.json'
      ? name.endsWith('.bin')
      : name.startsWith(`${basename(path)}.`) || /^(tokenizer|config)[.]json$/.test(name),
  );
  return [file(path), ...beside.map((name) => file(join(dirname(path), name)))];
}

/** Loads the files, predicts once where the size is small, and lets go. */
export async function tryModel(files: readonly NamedBytes[]): Promise<void> {
  const model = await loadModel(files as never);
  try {
    const shape = model.inputShape?.map((size) => size ?? 4);
    if (shape === undefined || shape.reduce((a, b) => a * b, 1) > 1e6) return;
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    await predict(model, { shape: [1, ...shape], data });
  } finally {
    model.dispose();
  }
}

function modelTrial(specimen: () => readonly NamedBytes[]): Trial {
  let files: readonly NamedBytes[] | undefined;
  return async (seed) => {
    const chances = chance(seed);
    files ??= specimen();
    const at = chances.below(4) > 0 ? 0 : chances.below(files.length);
    await tryModel(files.map((one, i) => (i === at ? mutated(one, chances) : one)));
  };
}

/** What is tried under a name: one of `KINDS`, or of `sharedKinds`. */
export const trialOf = (kind: string): Trial =>
  kind.startsWith(SHARED_KIND) ? modelTrial(() => sharedFiles(kind)) : KINDS[kind];
/** The files of a kind as they are, once: what a process loads first is not counted against a trial. */
export async function warmUp(kind: string): Promise<void> {
  if (kind.startsWith(SHARED_KIND)) await tryModel(sharedFiles(kind));
}

const PICTURES = [
  'test/fixtures/photo-grey.jpg',
  'test/fixtures/photo-progressive.jpg',
  'test/fixtures/tutorial-0.png',
  'demo/scenes/banana-and-dog.png',
];
const LABELS = [
  '["cat","dog"]',
  '{"0":"cat","1":"dog"}',
  '{"0":["n1","cat"]}',
  '{"cat":0,"dog":1}',
  'cat\ndog\n',
];
const TABLES = [
  'a,b\n1,2\n3,4\n',
  'a;b\n"x ""y""";2\n',
  '[{"a":1,"b":"x"},{"a":null}]',
  '{"a":1}\n{"a":2}\n',
];
const TARGET_PIECES = [
  'cat',
  'tiger cat',
  'not',
  '-',
  '+',
  '*',
  '0.5',
  '-1',
  '1e400',
  '@',
  'out',
  'top',
  '2',
  ',',
  '"',
  '"a, b"',
  '(',
  '\u202e',
  '∞',
  '282',
];
const WORDS = [
  'explain',
  'predict',
  'methods',
  'layers',
  'show',
  'compare',
  'help',
  '--help',
  '-m',
  'demo/model/model.json',
  'none.json',
  '-i',
  'a.png',
  '-',
  '--json',
  '--top',
  '-1',
  'NaN',
  '--method',
  'grad-cam',
  'rise',
  '--opt',
  'x=1',
  '=',
  'masks=3',
  '--target',
  'not',
  '--layer',
  '--as',
  'json',
  'svg',
  '--alpha',
  '2',
  '--',
  '--plugin',
  '',
  '\u0000',
  '--score',
  '--no-',
  '--seed',
  '1e99',
];

class Sink extends Writable {
  override _write(_: unknown, __: BufferEncoding, done: () => void): void {
    done();
  }
}

export const KINDS: Readonly<Record<string, Trial>> = {
  pictures: (seed) => {
    const chances = chance(seed);
    return loadImage(mutatedBytes(readFileSync(chances.pick(PICTURES)), chances));
  },
  ...Object.fromEntries(
    Object.entries(MODELS).map(([name, specimen]) => [name, modelTrial(specimen)]),
  ),
  labels: (seed) => {
    const chances = chance(seed);
    const text = chances.pick(LABELS);
    const isJson = /^[[{]/.test(text);
    const bytes =
      isJson && chances.below(2) === 0
        ? encoder.encode(mutatedJson(text, chances))
        : mutatedBytes(encoder.encode(text), chances);
    return loadLabels({ name: isJson ? 'labels.json' : 'labels.txt', bytes } as never);
  },
  records: async (seed) => {
    const chances = chance(seed);
    const text = formatAsJson(records[chances.pick(EXPLANATION_KINDS)], {
      arrays: chances.pick(['base64', 'numbers']),
    });
    const changed =
      chances.below(3) > 0
        ? mutatedJson(text, chances)
        : decoder.decode(mutatedBytes(encoder.encode(text), chances));
    const record = explanationFromJson(changed);
    const formatters = [...registryOf(createContainer()).formatters.values()].filter(({ kinds }) =>
      kinds.includes(record.kind),
    );
    return Promise.resolve(chances.pick(formatters).format(record, {}));
  },
  targets: async (seed) =>
    Promise.resolve(
      parseTarget(mixedText(TARGET_PIECES, chance(seed)), ['cat', 'tiger cat', 'a, b']),
    ),
  tables: (seed) => {
    const chances = chance(seed);
    return readTable(mutatedBytes(encoder.encode(chances.pick(TABLES)), chances) as never);
  },
  commands: async (seed) => {
    const chances = chance(seed);
    const folder = await mkdtemp(join(tmpdir(), 'whylens-fuzz-'));
    const picture = join(folder, 'a.png');
    await writeFile(picture, readFileSync('demo/scenes/banana-and-dog.png'));
    const args = Array.from({ length: 1 + chances.below(9) }, () => chances.pick(WORDS));
    const code = await run(
      args
        .map((word) => (word === 'a.png' ? picture : word))
        .concat(args.includes('explain') ? ['-o', join(folder, 'out')] : []),
      { stdout: new Sink(), stderr: new Sink(), signal: new AbortController().signal } as never,
    );
    await rm(folder, { recursive: true });
    if (code === 70) throw new Error(`exit code 70 of ${JSON.stringify(args)}`);
  },
};
