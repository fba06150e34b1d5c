import test from 'ava';
import { alignTokens } from '../../../src/model/transformer/align.js';
import { canExplode } from '../../../src/model/transformer/check-tokenizer.js';
import { openTokenizer, type TextTokenizer } from '../../../src/model/transformer/tokenizer.js';
import { byteTokenizer, wordPieceTokenizer } from '../../helpers/tiny-transformer.js';
import { golden } from '../../helpers/tabular.js';

function pieces(tokenizer: TextTokenizer, text: string): [string, string][] {
  const { tokens, spans, special } = tokenizer.encode(text, 1000);
  return tokens.flatMap((token, i): [string, string][] =>
    special[i] === 1 ? [] : [[token, text.slice(...spans[i])]],
  );
}

test('tokens, places and words are those of the Python library', async (t) => {
  for (const name of ['bert-random', 'bert-trained']) {
    const read = (file: string) => golden(t, '5-transformer', name, file);
    const json = read('tokenizer.json');
    if (json === undefined) return;
    const tokenizer = await openTokenizer(json, read('tokenizer_config.json'), 'tokenizer.json');
    const { single, truncated_padded_16: short } = read('tokenizer-cases.json');
    for (const one of single) {
      const { ids, spans, words, special, types } = tokenizer.encode(one.text, 1e6);
      const starts = [0];
      for (const letter of one.text) starts.push(starts.at(-1)! + letter.length);
      t.deepEqual([...ids], one.ids, one.text);
      t.deepEqual([...types], one.type_ids);
      t.deepEqual([...special], one.special_tokens_mask);
      t.deepEqual(
        [...words].map((word) => (word === -1 ? null : word)),
        one.word_ids,
      );
      t.deepEqual(
        spans,
        one.offsets.map(([a, b]: [number, number]) => [starts[a], starts[b]]),
        one.text,
      );
    }
    t.true(single.length > 10 && short !== undefined);
  }
});

test('WordPiece: accents, small letters, ligatures, what is not known', async (t) => {
  const json = wordPieceTokenizer(
    "creme the fi ##ne 日 本 i ##st play ##ed σας . ' don t".split(' '),
  );
  const tokenizer = await openTokenizer(json, {}, 'tokenizer.json');
  t.deepEqual(pieces(tokenizer, 'Crème the CRE\u0300ME.'), [
    ['creme', 'Crème'],
    ['the', 'the'],
    ['creme', 'CRE\u0300ME'],
    ['.', '.'],
  ]);
  t.deepEqual(pieces(tokenizer, '日本 played 🎉🎉 xyz played'), [
    ['日', '日'],
    ['本', '本'],
    ['play', 'play'],
    ['##ed', 'ed'],
    ['[UNK]', '🎉🎉'],
    ['[UNK]', 'xyz'],
    ['play', 'play'],
    ['##ed', 'ed'],
  ]);
  t.deepEqual(pieces(tokenizer, "İst ΣΑΣ \u0007the [MASK] don't"), [
    ['i', 'İ'],
    ['##st', 'st'],
    ['σας', 'ΣΑΣ'],
    ['the', 'the'],
    ['[MASK]', '[MASK]'],
    ['don', 'don'],
    ["'", "'"],
    ['t', 't'],
  ]);
  const { words } = tokenizer.encode("played, don't", 100);
  t.deepEqual([...words], [-1, 0, 0, 1, 2, 3, 4, -1]);
  t.deepEqual(pieces(tokenizer, ''), []);
  t.deepEqual(pieces(tokenizer, '  \n '), []);
});

test('bytes: every character has its place, however many bytes it takes', async (t) => {
  const { json } = byteTokenizer([
    ['g', 'o'],
    ['Ġ', 'go'],
  ]);
  const tokenizer = await openTokenizer(json, {}, 'tokenizer.json');
  t.deepEqual(pieces(tokenizer, 'go go é'), [
    ['go', 'go'],
    ['Ġgo', 'go'],
    ['Ġ', ''],
    ['Ã', 'é'],
    ['©', 'é'],
  ]);
  const text = '<mask> 😀';
  const { tokens, spans } = tokenizer.encode(text, 100);
  t.is(tokens[1], '<mask>');
  t.is(text.slice(...spans[1]), '<mask>');
  t.true(spans.slice(-5, -1).every(([from, to]) => text.slice(from, to) === '😀'));
  const { words } = tokenizer.encode('go going!', 100);

  t.deepEqual([...words], [-1, 0, 1, 1, 1, 1, 2, -1]);
});

test('Unigram: blanks as ▁, compatibility forms, runs of the unknown', async (t) => {
  const json = {
    version: '1.0',
    added_tokens: [],
    normalizer: { type: 'NFKC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'WhitespaceSplit' },
        { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
      ],
    },
    post_processor: null,
    decoder: null,
    model: {
      type: 'Unigram',
      unk_id: 0,
      vocab: [
        ['<unk>', 0],
        ['▁', -4],
        ['▁the', -2],
        ['fi', -3],
        ['ne', -3],
        ['▁ABC', -3],
      ],
    },
  };
  const tokenizer = await openTokenizer(json, {}, 'tokenizer.json');
  t.deepEqual(pieces(tokenizer, 'the  ﬁne ＡＢＣ ??'), [
    ['▁the', 'the'],
    ['▁', ''],
    ['fi', 'ﬁ'],
    ['ne', 'ne'],
    ['▁ABC', 'ＡＢＣ'],
    ['▁', ''],
    ['??', '??'],
  ]);
});

test('alignment finds its way where a tokenizer rewrites the text', (t) => {
  // quotes become one sign, three dots one, a word is left out
  const text = "He said ``well'' ... and went";
  const spans = alignTokens(
    text,
    ['he', 'said', '"', 'well', '"', '…', 'went'].map((word) => ({ word, tokens: [word] })),
    { bytes: false },
  );
  t.deepEqual(
    spans.map(([from, to]) => text.slice(from, to)),
    ['He', 'said', '', 'well', '', '...', 'went'],
  );
});

test('patterns that could run without end', (t) => {
  for (const pattern of ['(a+)+', '(a*)*$', '((x|y+)b)*', '(\\w+\\s?)+', '(?:[a-z]+,?){2,}']) {
    t.true(canExplode(pattern), pattern);
  }
  for (const pattern of [
    "'s|'t| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}",
    ' {2,}',
    '(ab)+',
    '[(+)]+',
  ]) {
    t.false(canExplode(pattern), pattern);
  }
});
