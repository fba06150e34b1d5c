/** A text whose parts come and go: what is scored if some of them are taken out. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import { WhylensError } from '../../../src/errors.js';
import type {
  TabularPrediction,
  TabularPredictOptions,
  TextModel,
  TextTokens,
  TokenInput,
  TokenPart,
} from '../../../src/model/tabular/interface.js';
import { scoreTexts, scoreTokens, type Progress } from './model.js';
import type { ScoreOf } from './targets.js';
import { partsOf, without, type TextPart } from './words.js';

export interface TextGame {
  readonly parts: readonly TextPart[];
  /** What replaces a part that is taken out, for the record. */
  readonly replacedBy: string;
  /** The text with the parts taken out for which `shown` is 0, for people. */
  text(shown: ArrayLike<number>): string;
  predict(
    versions: readonly ArrayLike<number>[],
    options: TabularPredictOptions,
  ): Promise<TabularPrediction>;
  /** `scores[target][version]`. */
  scores(
    context: ExplainContext,
    versions: readonly ArrayLike<number>[],
    targets: readonly ScoreOf[],
    progress: Progress,
  ): Promise<Float64Array[]>;
}

export interface GameOptions {
  readonly unit: string;
  readonly replaceWith: string | undefined;
  /** What a transformer is given if `replaceWith` is left out: its mask token, or nothing. */
  readonly usual: 'mask' | 'nothing';
}

/** How tokens are taken out of what a transformer is fed. */
type Hiding =
  { readonly kind: 'token'; readonly id: number } | { readonly kind: 'attention' | 'deleted' };

export function textGame(model: TextModel, text: string, options: GameOptions): TextGame {
  const { tokens } = model;
  if (tokens === undefined) {
    if (options.unit === 'token') {
      throw new WhylensError(
        'INVALID_OPTION',
        `unit 'token' is for transformers, and '${model.name}' is ${model.source}, which has no tokens; take 'word' or 'char'`,
      );
    }
    return writtenGame(model, text, partsOf(text, options.unit), options.replaceWith ?? '');
  }
  const encoded = tokens.encode(text);
  const hiding = hidingOf(tokens, model, options);
  if (hiding === undefined) {
    const { mask, pad } = tokens;
    const special: Readonly<Record<string, string | undefined>> = {
      mask: mask?.token,
      pad: pad?.token,
    };
    const wanted = options.replaceWith ?? '';
    const written = Object.hasOwn(special, wanted) ? (special[wanted] ?? wanted) : wanted;
    const parts =
      options.unit === 'char' ? partsOf(text, 'char') : tokenParts(text, encoded, options.unit);
    return writtenGame(model, text, parts, written);
  }
  const parts = tokenParts(text, encoded, options.unit);
  return {
    parts,
    replacedBy: shownAs(hiding, tokens),
    text: (shown) =>
      without(text, parts, shown, hiding.kind === 'token' ? (tokens.mask?.token ?? '') : ''),
    predict: (versions, own) =>
      tokens.predict(
        versions.map((shown) => hidden(encoded, parts, shown, hiding)),
        own,
      ),
    scores: (context, versions, targets, progress) =>
      scoreTokens(
        context,
        model,
        versions.map((shown) => hidden(encoded, parts, shown, hiding)),
        targets,
        progress,
      ),
  };
}

function writtenGame(
  model: TextModel,
  text: string,
  parts: readonly TextPart[],
  replaceWith: string,
): TextGame {
  const written = (shown: ArrayLike<number>): string => without(text, parts, shown, replaceWith);
  return {
    parts,
    replacedBy: replaceWith,
    text: written,
    predict: (versions, options) => model.predict(versions.map(written), options),
    scores: (context, versions, targets, progress) =>
      scoreTexts(context, model, versions.map(written), targets, progress),
  };
}

/** Undefined if the text itself is changed before it is cut into tokens. */
function hidingOf(
  tokens: TokenPart,
  model: TextModel,
  { unit, replaceWith, usual }: GameOptions,
): Hiding | undefined {
  const { mask, pad } = tokens;
  if (unit === 'char') return undefined;
  if (replaceWith === undefined) {
    if (usual === 'mask' && mask !== undefined) return { kind: 'token', id: mask.id };
    return unit === 'token' ? { kind: 'deleted' } : undefined;
  }
  if (replaceWith === '') return unit === 'token' ? { kind: 'deleted' } : undefined;
  if (replaceWith === 'attention') {
    if (tokens.hidesTokens) return { kind: 'attention' };
    throw new WhylensError(
      'INVALID_OPTION',
      `replaceWith 'attention' hides tokens by the attention mask, and '${model.name}' has none; take 'mask' or ''`,
    );
  }
  for (const [name, token] of [
    ['mask', mask],
    ['pad', pad],
  ] as const) {
    if (replaceWith !== name && replaceWith !== token?.token) continue;
    if (token !== undefined) return { kind: 'token', id: token.id };
    throw new WhylensError(
      'INVALID_OPTION',
      `the tokenizer of '${model.name}' has no ${name} token, which replaceWith '${replaceWith}' asks for; take '' or a word`,
    );
  }
  return undefined;
}

function shownAs(hiding: Hiding, { mask, pad }: TokenPart): string {
  if (hiding.kind !== 'token') return hiding.kind === 'attention' ? 'attention 0' : '';
  return [mask, pad].find((token) => token?.id === hiding.id)!.token;
}

/** Words as the tokenizer has them, or its tokens; those that have no place in the text are left out. */
export function tokenParts(text: string, encoded: TextTokens, unit: string): TextPart[] {
  const groups = new Map<number, number[]>();
  encoded.words.forEach((word, i) => {
    if (word === -1) return;
    const key = unit === 'token' ? i : word;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  return Array.from(groups.values()).flatMap((own): TextPart[] => {
    const placed = own.map((i) => encoded.spans[i]).filter(([start, end]) => start < end);
    if (placed.length === 0) return [];
    const start = Math.min(...placed.map(([from]) => from));
    const end = Math.max(...placed.map(([, to]) => to));
    return [{ text: text.slice(start, end), start, end, tokens: own }];
  });
}

function hidden(
  { ids, types }: TextTokens,
  parts: readonly TextPart[],
  shown: ArrayLike<number>,
  hiding: Hiding,
): TokenInput {
  const gone = new Set(parts.flatMap(({ tokens = [] }, i) => (shown[i] === 0 ? tokens : [])));
  if (hiding.kind === 'token') {
    return { ids: ids.map((id, i) => (gone.has(i) ? hiding.id : id)), types };
  }
  if (hiding.kind === 'attention') {
    return { ids, types, attended: Uint8Array.from(ids, (_, i) => Number(!gone.has(i))) };
  }
  return { ids: ids.filter((_, i) => !gone.has(i)), types: types.filter((_, i) => !gone.has(i)) };
}
