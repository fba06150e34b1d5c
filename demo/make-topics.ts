/**
 * Writes `demo/topics/`: a small classifier of texts with one attention, whose
 * weights are set by hand and not trained, so that everybody sees what each
 * word should get. `node build/demo/make-topics.js` makes it anew.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeOnnx } from '../src/model/files/onnx-encode.js';
import { ELEMENT } from '../src/model/files/onnx.js';
import { floats, int64s, node, onnxModel } from '../test/helpers/onnx-build.js';

const FOLDER = 'demo/topics';

/** Words by what they speak of; those nearer to the front speak louder. */
const TOPICS: Readonly<Record<string, string>> = {
  cooking: 'chef garlic oven recipe soup salt bread pan kitchen chopped boiled spoon cake dinner',
  music: 'guitar songs orchestra melody piano composed violin concert drums choir singer played',
  space: 'rocket orbit planet moon galaxy telescope comet astronaut launch stars gravity probe',
  sport: 'goal match team coach league striker tennis referee score stadium ball won played game',
};
const PLAIN =
  'the a an and or but of in on at to for with she he it they we i you his her their its this that ' +
  'was were is are has had have be been not very great good bad new old big small one two three ' +
  'many some all first last after before while then about from by as over under again never';
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789.,;:!?\'"()-'];

const topics = Object.keys(TOPICS);
const vocabulary = [
  ...new Set([
    ...SPECIAL,
    ...LETTERS,
    ...LETTERS.slice(0, 36).map((letter) => `##${letter}`),
    ...PLAIN.split(' '),
    ...Object.values(TOPICS).flatMap((words) => words.split(' ')),
  ]),
];
/** One number a topic, and one that says how much a word is looked at. */
const WIDTH = topics.length + 1;
const embedding = vocabulary.flatMap((word) => {
  const shares = topics.map((topic) => {
    const words = TOPICS[topic].split(' ');
    const at = words.indexOf(word);
    return at === -1 ? 0 : 2 - at / words.length;
  });
  const loud = Math.max(...shares);
  return [...shares, loud > 0 ? loud : -1];
});

const model = onnxModel({
  nodes: [
    node('Gather', ['words', 'input_ids'], ['embedded']),
    node('MatMul', ['embedded', 'look'], ['looked']),
    node('Squeeze', ['looked', 'two'], ['scores']),
    node('Cast', ['attention_mask'], ['mask'], { attributes: { to: 1 } }),
    node('Sub', ['mask', 'one'], ['hidden']),
    node('Mul', ['hidden', 'far'], ['pressed']),
    node('Add', ['scores', 'pressed'], ['kept']),
    node('Softmax', ['kept'], ['attention'], { attributes: { axis: -1 } }),
    node('Unsqueeze', ['attention', 'axis'], ['row']),
    node('MatMul', ['row', 'embedded'], ['pooled']),
    node('Squeeze', ['pooled', 'axis'], ['vector']),
    node('Tanh', ['vector'], ['bent']),
    node('MatMul', ['bent', 'head'], ['said']),
    node('Add', ['said', 'bias'], ['logits']),
  ],
  inputs: { input_ids: ['batch', 'tokens'], attention_mask: ['batch', 'tokens'] },
  outputs: ['logits'],
  initializers: [
    floats('words', [vocabulary.length, WIDTH], embedding),
    floats('look', [WIDTH, 1], [0, 0, 0, 0, 1]),
    // each topic for itself and a little against the others
    floats(
      'head',
      [WIDTH, topics.length],
      Array.from({ length: WIDTH }, (_, i) =>
        topics.map((__, j) => (i === topics.length ? 0 : i === j ? 5 : -1)),
      ).flat(),
    ),
    floats('bias', [topics.length], [0.1, 0, -0.1, 0.05]),
    floats('one', [], [1]),
    floats('far', [], [1e4]),
    int64s('two', [2]),
    int64s('axis', [1]),
  ],
});

const special = (content: string) => ({
  id: vocabulary.indexOf(content),
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});
const template = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
const known = (id: string) => ({ id, ids: [vocabulary.indexOf(id)], tokens: [id] });
const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: SPECIAL.map(special),
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
    single: [template('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, template('[SEP]')],
    pair: [
      template('[CLS]'),
      { Sequence: { id: 'A', type_id: 0 } },
      template('[SEP]'),
      { Sequence: { id: 'B', type_id: 1 } },
      template('[SEP]'),
    ],
    special_tokens: { '[CLS]': known('[CLS]'), '[SEP]': known('[SEP]') },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
  },
};
const config = {
  model_type: 'bert',
  problem_type: 'single_label_classification',
  id2label: Object.fromEntries(topics.map((topic, i) => [i, topic])),
  pad_token_id: 0,
  max_position_embeddings: 64,
  vocab_size: vocabulary.length,
};
const settings = {
  model_max_length: 64,
  do_lower_case: true,
  tokenizer_class: 'PreTrainedTokenizerFast',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  mask_token: '[MASK]',
  unk_token: '[UNK]',
};

await mkdir(FOLDER, { recursive: true });
const { graph } = model;
// token numbers and the mask are whole numbers
const inputs = graph.inputs.map((input) => ({ ...input, type: ELEMENT.int64 }));
const outputs = graph.outputs.map((output) => ({
  ...output,
  type: ELEMENT.float,
  shape: ['batch', topics.length],
}));
await writeFile(
  join(FOLDER, 'model.onnx'),
  encodeOnnx({ ...model, producer: 'whylens', graph: { ...graph, inputs, outputs } }),
);
for (const [name, content] of Object.entries({
  'config.json': config,
  'tokenizer.json': tokenizer,
  'tokenizer_config.json': settings,
})) {
  await writeFile(join(FOLDER, name), `${JSON.stringify(content, null, 2)}\n`);
}
