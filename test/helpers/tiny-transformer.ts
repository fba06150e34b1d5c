/**
 * A transformer of one layer and one head, made from a seed: as ONNX files with
 * the inputs that BERT, DistilBERT and RoBERTa have, and as plain loops in
 * float64 that do the same. Trained for nothing.
 */
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import type { OnnxModel, OnnxNode, OnnxTensor } from '../../src/model/files/onnx.js';
import { floats, int64s, mixed, node, onnxModel } from './onnx-build.js';

export type Kind = 'bert' | 'distilbert' | 'roberta';

export interface TinyOptions {
  readonly kind: Kind;
  readonly vocabulary: number;
  readonly classes?: number;
  readonly padId?: number;
  readonly seed?: number;
  /** A fixed number of tokens, and of texts, in place of free ones. */
  readonly length?: number;
  readonly batch?: number;
  /** Adds the final activation to the file. */
  readonly activation?: 'Softmax' | 'Sigmoid';
  /** Positions as an input of the file. */
  readonly positions?: boolean;
  /** Leaves out the mask. */
  readonly maskless?: boolean;
}

const WIDTH = 6;
const INNER = 10;
const LONGEST = 40;

export interface Tiny {
  readonly bytes: Uint8Array;
  /** Of plain loops; `embedded` replaces the looked-up embeddings. */
  logits(
    ids: readonly number[],
    options?: { readonly attended?: readonly number[]; readonly embedded?: readonly number[] },
  ): number[];
  embedded(ids: readonly number[]): number[];
  readonly width: number;
}

function tinyTransformer(options: TinyOptions): Tiny {
  const { kind, vocabulary, classes = 2, padId = 0, seed = 7 } = options;
  const w = (dims: readonly number[], index: number, scale = 1): number[] =>
    mixed(
      dims.reduce((a, b) => a * b, 1),
      seed * 100 + index,
    ).map((v) => Math.fround(v * scale));
  const weights = {
    words: w([vocabulary, WIDTH], 1),
    positions: w([LONGEST, WIDTH], 2, 0.5),
    types: w([2, WIDTH], 3, 0.5),
    gain: w([WIDTH], 4, 0.3).map((v) => Math.fround(v + 1)),
    shift: w([WIDTH], 5, 0.2),
    query: w([WIDTH, WIDTH], 6),
    key: w([WIDTH, WIDTH], 7),
    value: w([WIDTH, WIDTH], 8),
    up: w([WIDTH, INNER], 9),
    down: w([INNER, WIDTH], 10),
    head: w([WIDTH, classes], 11),
    bias: w([classes], 12),
  };
  return {
    bytes: bytesOf(options, weights),
    width: WIDTH,
    embedded: (ids) => ids.flatMap((id) => weights.words.slice(id * WIDTH, (id + 1) * WIDTH)),
    logits: (ids, { attended, embedded } = {}) =>
      forward(kind, padId, classes, weights, ids, attended ?? ids.map(() => 1), embedded),
  };
}

type Weights = Readonly<Record<string, readonly number[]>>;

function bytesOf(options: TinyOptions, weights: Weights): Uint8Array {
  const { kind, vocabulary, classes = 2, padId = 0, length = 'tokens', batch = 'batch' } = options;
  const { activation, positions = false, maskless = false } = options;
  const tensors: OnnxTensor[] = [
    floats('words', [vocabulary, WIDTH], weights.words),
    floats('positions', [LONGEST, WIDTH], weights.positions),
    floats('gain', [WIDTH], weights.gain),
    floats('shift', [WIDTH], weights.shift),
    floats('query', [WIDTH, WIDTH], weights.query),
    floats('key', [WIDTH, WIDTH], weights.key),
    floats('value', [WIDTH, WIDTH], weights.value),
    floats('up', [WIDTH, INNER], weights.up),
    floats('down', [INNER, WIDTH], weights.down),
    floats('head', [WIDTH, classes], weights.head),
    floats('bias', [classes], weights.bias),
    floats('scale', [], [1 / Math.sqrt(WIDTH)]),
    floats('one', [], [1]),
    floats('far', [], [-1e9]),
    int64s('zero', [0]),
    int64s('first', [0], []),
    int64s('second', [1]),
    int64s('third', [2]),
    int64s('large', [9999]),
    int64s('step', [1], []),
    int64s('pad', [padId], []),
  ];
  const nodes: OnnxNode[] = [node('Gather', ['words', 'input_ids'], ['looked'])];
  if (positions) nodes.push(node('Gather', ['positions', 'position_ids'], ['placed']));
  else if (kind === 'roberta') {
    // positions are counted over what is not padding, from the padding's number on
    nodes.push(
      node('Equal', ['input_ids', 'pad'], ['isPad']),
      node('Not', ['isPad'], ['isOwn']),
      node('Cast', ['isOwn'], ['ones'], { attributes: { to: 7 } }),
      node('CumSum', ['ones', 'step'], ['counted']),
      node('Mul', ['counted', 'ones'], ['masked']),
      node('Add', ['masked', 'pad'], ['numbers']),
      node('Gather', ['positions', 'numbers'], ['placed']),
    );
  } else {
    nodes.push(
      node('Shape', ['input_ids'], ['shape']),
      node('Gather', ['shape', 'step'], ['count'], { attributes: { axis: 0 } }),
      node('Range', ['first', 'count', 'step'], ['numbers']),
      node('Gather', ['positions', 'numbers'], ['placed']),
    );
  }
  nodes.push(node('Add', ['looked', 'placed'], ['added']));
  if (kind === 'bert') {
    tensors.push(floats('types', [2, WIDTH], weights.types));
    nodes.push(
      node('Gather', ['types', 'token_type_ids'], ['typed']),
      node('Add', ['added', 'typed'], ['summed']),
    );
  } else nodes.push(node('Identity', ['added'], ['summed']));
  nodes.push(
    node('LayerNormalization', ['summed', 'gain', 'shift'], ['normed'], {
      attributes: { axis: -1, epsilon: 1e-12 },
    }),
    node('MatMul', ['normed', 'query'], ['q']),
    node('MatMul', ['normed', 'key'], ['k']),
    node('MatMul', ['normed', 'value'], ['v']),
    node('Transpose', ['k'], ['kt'], { attributes: { perm: [0, 2, 1] } }),
    node('MatMul', ['q', 'kt'], ['raw']),
    node('Mul', ['raw', 'scale'], ['scores']),
  );
  if (!maskless) {
    nodes.push(
      node('Cast', ['attention_mask'], ['mask'], { attributes: { to: 1 } }),
      node('Sub', ['one', 'mask'], ['hidden']),
      node('Mul', ['hidden', 'far'], ['pressed']),
      node('Unsqueeze', ['pressed', 'second'], ['spread']),
      node('Add', ['scores', 'spread'], ['kept']),
    );
  } else nodes.push(node('Identity', ['scores'], ['kept']));
  nodes.push(
    node('Softmax', ['kept'], ['shares'], { attributes: { axis: -1 } }),
    node('MatMul', ['shares', 'v'], ['mixed']),
    node('Add', ['mixed', 'normed'], ['joined']),
    node('MatMul', ['joined', 'up'], ['wide']),
    node('Tanh', ['wide'], ['bent']),
    node('MatMul', ['bent', 'down'], ['narrow']),
    node('Add', ['narrow', 'joined'], ['out']),
    node('Slice', ['out', 'zero', 'second', 'second'], ['start']),
    node('Squeeze', ['start', 'second'], ['begin']),
    node('MatMul', ['begin', 'head'], ['weighed']),
    node('Add', ['weighed', 'bias'], ['logits']),
  );
  if (activation !== undefined) {
    const attributes: Record<string, number> = activation === 'Softmax' ? { axis: -1 } : {};
    nodes.push(node(activation, ['logits'], ['probabilities'], { attributes }));
  }
  const names = [
    'input_ids',
    ...(maskless ? [] : ['attention_mask']),
    ...(kind === 'bert' ? ['token_type_ids'] : []),
    ...(positions ? ['position_ids'] : []),
  ];
  const output = activation === undefined ? 'logits' : 'probabilities';
  const made = onnxModel({
    nodes,
    inputs: {},
    outputs: [],
    initializers: tensors,
  });
  const model: OnnxModel = {
    ...made,
    graph: {
      ...made.graph,
      inputs: names.map((name) => ({ name, type: 7, shape: [batch, length] })),
      outputs: [{ name: output, type: 1, shape: [batch, classes] }],
    },
  };
  return joined(encodeOnnx(model));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The same in plain loops. */
function forward(
  kind: Kind,
  padId: number,
  classes: number,
  w: Weights,
  ids: readonly number[],
  attended: readonly number[],
  embedded?: readonly number[],
): number[] {
  const n = ids.length;
  let counted = 0;
  const x = ids.map((id, i) => {
    const place = kind !== 'roberta' ? i : id === padId ? padId : ++counted + padId;
    return Array.from({ length: WIDTH }, (_, d) => {
      const word = embedded?.[i * WIDTH + d] ?? w.words[id * WIDTH + d];
      return word + w.positions[place * WIDTH + d] + (kind === 'bert' ? w.types[d] : 0);
    });
  });
  const normed = x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / WIDTH;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / WIDTH;
    return row.map((v, d) => ((v - mean) / Math.sqrt(variance + 1e-12)) * w.gain[d] + w.shift[d]);
  });
  const times = (row: readonly number[], matrix: readonly number[], columns: number): number[] =>
    Array.from({ length: columns }, (_, c) =>
      row.reduce((sum, v, r) => sum + v * matrix[r * columns + c], 0),
    );
  const q = times(normed[0], w.query, WIDTH);
  const scores = normed.map((row, i) => {
    const k = times(row, w.key, WIDTH);
    const dot = q.reduce((sum, v, d) => sum + v * k[d], 0) / Math.sqrt(WIDTH);
    return dot + (1 - attended[i]) * -1e9;
  });
  const top = Math.max(...scores);
  const shares = scores.map((s) => Math.exp(s - top));
  const whole = shares.reduce((a, b) => a + b, 0);
  const joinedRow = Array.from({ length: WIDTH }, (_, d) => normed[0][d]);
  for (let i = 0; i < n; i++) {
    const v = times(normed[i], w.value, WIDTH);
    for (let d = 0; d < WIDTH; d++) joinedRow[d] += (shares[i] / whole) * v[d];
  }
  const bent = times(joinedRow, w.up, INNER).map(Math.tanh);
  const down = times(bent, w.down, WIDTH);
  const out = joinedRow.map((v, d) => v + down[d]);
  return times(out, w.head, classes).map((v, c) => v + w.bias[c]);
}

const SPECIAL = (tokens: readonly string[]) =>
  tokens.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: content === '<mask>',
    rstrip: false,
    normalized: false,
    special: true,
  }));

/** `tokenizer.json` of BERT's kind: words in small letters without accents, cut into pieces. */
export function wordPieceTokenizer(pieces: readonly string[]): Record<string, unknown> {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const vocab = Object.fromEntries([...special, ...pieces].map((piece, id) => [piece, id]));
  return {
    version: '1.0',
    added_tokens: SPECIAL(special),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

/** `tokenizer.json` of RoBERTa's kind: bytes, joined by the merges given. */
export function byteTokenizer(merges: readonly (readonly [string, string])[]): {
  json: Record<string, unknown>;
  size: number;
} {
  const special = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];
  const letters: string[] = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const shown =
      (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || (byte > 173 && byte < 256);
    letters.push(String.fromCodePoint(shown ? byte : next++));
  }
  const tokens = [...special, ...letters, ...merges.map(([a, b]) => a + b)];
  return {
    size: tokens.length,
    json: {
      version: '1.0',
      added_tokens: SPECIAL(special),
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
      post_processor: {
        type: 'RobertaProcessing',
        sep: ['</s>', 2],
        cls: ['<s>', 0],
        trim_offsets: true,
        add_prefix_space: false,
      },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
      model: {
        type: 'BPE',
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
      },
    },
  };
}

const text = new TextEncoder();
const json = (value: unknown): Uint8Array => text.encode(JSON.stringify(value));

/** The files of a small sentiment model, as a list for `loadModel`. */
export function sentimentFiles(
  kind: Kind,
  options: Partial<TinyOptions> & { readonly config?: Record<string, unknown> } = {},
): { files: { name: string; bytes: Uint8Array }[]; tiny: Tiny } {
  const { config, ...own } = options;
  const byte = kind === 'roberta' ? byteTokenizer(MERGES) : undefined;
  const tokenizer = byte?.json ?? wordPieceTokenizer(PIECES);
  const vocabulary = byte?.size ?? PIECES.length + 5;
  const padId = kind === 'roberta' ? 1 : 0;
  const tiny = tinyTransformer({ kind, vocabulary, padId, ...own });
  const special =
    kind === 'roberta'
      ? { pad_token: '<pad>', mask_token: { content: '<mask>' }, cls_token: '<s>' }
      : { pad_token: '[PAD]', mask_token: '[MASK]', cls_token: '[CLS]' };
  return {
    tiny,
    files: [
      { name: 'model.onnx', bytes: tiny.bytes },
      { name: 'tokenizer.json', bytes: json(tokenizer) },
      {
        name: 'config.json',
        bytes: json({
          model_type: kind,
          id2label: { 0: 'negative', 1: 'positive' },
          problem_type: 'single_label_classification',
          pad_token_id: padId,
          max_position_embeddings: kind === 'roberta' ? 32 + padId + 1 : 32,
          ...config,
        }),
      },
      {
        name: 'tokenizer_config.json',
        bytes: json({ model_max_length: 1e30, ...special }),
      },
    ],
  };
}

const MERGES = [
  ['g', 'o'],
  ['o', 'd'],
  ['go', 'od'],
  ['Ġ', 'good'],
  ['b', 'a'],
  ['ba', 'd'],
  ['Ġ', 'bad'],
  ['Ġ', 'n'],
  ['Ġn', 'o'],
  ['Ġno', 't'],
] as const;

const PIECES =
  "not bad at all but slow good good##s creme the a . , ! ? ' play ##ed ##ing ##s e ##e un ##happy 5 ##2 日 本".split(
    ' ',
  );
