/** What is tried: one trial of each kind is a promise that ends well or in an error with a code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { zipSync } from 'fflate';
import { Writable } from 'node:stream';
import { formatAsJson, explanationFromJson } from '../../formatters/json.js';
import { openArchive } from '../../src/cli/batch/archive.js';
import { findDocuments } from '../../src/cli/batch/documents.js';
import { readDocuments, requireAbout } from '../../src/cli/batch/folder.js';
import { jobHash } from '../../src/cli/batch/settings.js';
import { batchStatus } from '../../src/cli/batch/status.js';
import { tableLines, writeTables } from '../../src/cli/batch/tables.js';
import { questionOf } from '../../src/cli/serve/question.js';
import { parseTarget } from '../../src/cli/target-expression.js';
import { run } from '../../src/cli/run.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { EXPLANATION_KINDS } from '../../src/explanation.js';
import { loadImage, loadLabels, loadModel, predict, readTable } from '../../src/index.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { GraphBuilder } from '../helpers/graph.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';
import { records } from '../helpers/records.js';
import { sentimentFiles } from '../helpers/tiny-transformer.js';
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

/** Loads the files, predicts once if the size is small, and disposes of the model. */
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

const TEXTS = [
  'so good',
  '',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab',
  '\u202e\ud800 not',
  ' '.repeat(300),
];
const CONFIG = JSON.stringify({
  model: 'model.json',
  labels: 'labels.json',
  method: 'grad-cam',
  opt: { patch: 16 },
  target: ['cat'],
  plugin: [],
  batchSize: 4,
  force: true,
  colormap: 'viridis',
});
const QUESTION = JSON.stringify({
  image: 'AAAA',
  method: 'rise',
  options: { masks: 10 },
  target: ['1', 'cat'],
  seed: 3,
  format: { alpha: 1 },
});
const ABOUT = JSON.stringify({
  kind: 'batch',
  version: 1,
  whylens: '0.1.0',
  modelHash: 'm',
  documents: 2,
  settings: {
    ...{ model: 'm.json', threads: 1, score: 'logit', format: {}, plugins: [], opt: [] },
    ...{ targets: [], as: ['png'], formatOpt: [], metrics: [] },
  },
});
const LISTED = [0, 1].map((index) =>
  JSON.stringify({ index, name: `${index}.png`, output: `${index}`, kind: 'file', path: '/x' }),
);
const ENTRIES = [0, 1].map((index) =>
  JSON.stringify({
    index,
    hash: 'h',
    job: jobHash((JSON.parse(ABOUT) as { settings: never }).settings, 'm'),
    state: index === 0 ? 'done' : 'failed',
    outputs: [{ name: `${index}.png`, bytes: 4 }],
    rows: [{ method: 'rise', target: '1', label: null, score: 1, metrics: { deletion: 0.5 } }],
    ...(index === 1 && { error: { code: 'FILE', message: 'gone' } }),
    ms: 3,
    at: '2026-01-01T00:00:00.000Z',
  }),
);

/** A JSON text or the bytes of one, changed. */
const changedText = (text: string, chances: Chance): string =>
  chances.below(2) === 0
    ? mutatedJson(text, chances)
    : decoder.decode(mutatedBytes(encoder.encode(text), chances));

/** One file of a tar archive, as it was written fifty years ago. */
function tarOf(name: string, content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        0ustar\x0000', 148);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(512 - (content.length % 512) + 1024)]);
}
const ARCHIVES: readonly (readonly [string, () => Uint8Array])[] = [
  [
    'a.zip',
    () => zipSync({ 'a.png': encoder.encode('x'.repeat(99)), 'b/c.jpg': Uint8Array.of(1) }),
  ],
  ['a.tar', () => tarOf('a.png', encoder.encode('picture'))],
  ['a.tgz', () => gzipSync(tarOf('a.png', encoder.encode('picture')))],
];

/** Work in a folder that is gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'whylens-fuzz-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A command line on which nothing may be unforeseen. */
async function foreseen(args: readonly string[]): Promise<void> {
  const code = await run(args, {
    stdout: new Sink(),
    stderr: new Sink(),
    signal: new AbortController().signal,
  } as never);
  if (code === 70) throw new Error(`exit code 70 of ${JSON.stringify(args)}`);
}

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
  transformer: async (seed) => {
    const chances = chance(seed);
    const { files } = sentimentFiles(chances.pick(['bert', 'roberta'] as const));
    const at = chances.below(files.length);
    const model = await loadModel(
      files.map((one, i) => (i === at ? mutated(one, chances) : one)) as never,
    );
    try {
      return await predict(model, chances.pick(TEXTS));
    } finally {
      model.dispose();
    }
  },
  archives: async (seed) => {
    const chances = chance(seed);
    const [name, make] = chances.pick(ARCHIVES);
    return inFolder(async (folder) => {
      const path = join(folder, name);
      await writeFile(path, mutatedBytes(make(), chances));
      const found = await findDocuments([path], { stdin: () => Promise.resolve('') });
      const archive = await openArchive(path);
      try {
        for (const one of found) if (one.kind === 'entry') await archive.read(one.entry, 1e6);
      } finally {
        await archive.close();
      }
    });
  },
  batches: async (seed) => {
    const chances = chance(seed);
    const files: [string, string][] = [
      ['batch.json', ABOUT],
      ['documents.jsonl', `${LISTED.join('\n')}\n`],
      ['journal.jsonl', `${ENTRIES.join('\n')}\n`],
    ];
    const [name] = chances.pick(files);
    return inFolder(async (folder) => {
      for (const [file, text] of files) {
        const lines = text.trimEnd().split('\n');
        if (file === name) lines[chances.below(lines.length)] = changedText(lines[0], chances);
        await writeFile(join(folder, file), `${lines.join('\n')}\n`);
      }
      await batchStatus(folder);
      const about = await requireAbout(folder);
      const documents = await readDocuments(folder, about);
      const job = jobHash(about.settings, about.modelHash);
      await writeTables(
        folder,
        () => tableLines(folder, documents, job),
        ['jsonl', 'parquet'],
        ['deletion'],
      );
    });
  },
  configs: async (seed) => {
    const chances = chance(seed);
    return inFolder(async (folder) => {
      const path = join(folder, 'whylens.config.json');
      await writeFile(path, changedText(CONFIG, chances));
      process.env.WHYLENS_CONFIG = path;
      try {
        await foreseen([chances.pick(['explain', 'predict', 'layers', 'batch', 'methods'])]);
      } finally {
        delete process.env.WHYLENS_CONFIG;
      }
    });
  },
  questions: async (seed) => {
    const fields = JSON.parse(mutatedJson(QUESTION, chance(seed))) as Record<
      string,
      unknown
    > | null;
    return Promise.resolve(
      questionOf('explain', { ...fields }, { maxTargets: 10, maxSamples: 5000 }),
    );
  },
  tables: (seed) => {
    const chances = chance(seed);
    if (chances.below(3) === 0) {
      const table = tableFromArrays({ a: Float64Array.of(1, 2, 3), b: ['x', 'y', ''] });
      const bytes = tableToIPC(table, chances.pick(['file', 'stream'] as const));
      return readTable(mutatedBytes(bytes, chances) as never);
    }
    return readTable(mutatedBytes(encoder.encode(chances.pick(TABLES)), chances) as never);
  },
  commands: async (seed) => {
    const chances = chance(seed);
    const args = Array.from({ length: 1 + chances.below(9) }, () => chances.pick(WORDS));
    return inFolder(async (folder) => {
      const picture = join(folder, 'a.png');
      await writeFile(picture, readFileSync('demo/scenes/banana-and-dog.png'));
      await foreseen(
        args
          .map((word) => (word === 'a.png' ? picture : word))
          .concat(args.includes('explain') ? ['-o', join(folder, 'out')] : []),
      );
    });
  },
};
