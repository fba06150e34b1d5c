/**
 * Explanations in JavaScript notebooks. The record stays plain data: it is shown by a property
 * under a symbol, not enumerable, so that neither `structuredClone` nor JSON nor a comparison sees
 * it.
 */
import { getDefaultContainer, registryOf } from '../container/container.js';
import type { Registry } from '../container/registry.js';
import { readPicture } from '../documents/read.js';
import type { Explanation, Picture } from '../explanation.js';
import { toBase64 } from '../images/base64.js';
import { encodePng } from '../images/png.js';

/** What Deno's Jupyter kernel looks for on the value of a cell. */
export const DISPLAY_SYMBOL: unique symbol = Symbol.for('Jupyter.display') as never;

/** Formatters by media type, in the order a notebook prefers them. */
const MEDIA = [
  { type: 'text/html', formatter: 'html' },
  { type: 'image/png', formatter: 'image' },
  { type: 'text/plain', formatter: 'text' },
] as const;

const PAGE = /^\s*<!doctype html/i;

type MediaType = (typeof MEDIA)[number]['type'];

/** One content for each media type; pictures as base64. */
export type MimeBundle = Readonly<Partial<Record<MediaType, string>>>;

/** Where the formatters come from. */
type Formatters = Pick<Registry, 'formatters'>;

/** The part of tslab that is needed: `import { display } from 'tslab'`. */
export interface RawDisplay {
  raw(contentType: string, content: string): void;
}

/**
 * The explanation in every form a notebook can show and the container has a
 * formatter for. A kind that a formatter does not render is left out.
 */
export function mimeBundle(
  expl: Explanation,
  registry: Formatters = defaultRegistry(),
): MimeBundle {
  const bundle: Partial<Record<MediaType, string>> = {};
  for (const { type, formatter: id } of MEDIA) {
    const formatter = registry.formatters.get(id);
    if (formatter?.kinds.includes(expl.kind) !== true) continue;
    const content = formatter.format(expl, defaultsOf(formatter.options));
    if (typeof content !== 'string') bundle[type] = toBase64(encodePng(content as Picture));
    else bundle[type] = PAGE.test(content) ? framed(content) : content;
  }
  return bundle;
}

/**
 * The same record, which shows itself as the value of a cell in Deno's Jupyter
 * kernel. What `explainPrediction` returns does so already; this is for
 * records from elsewhere, say from `explanationFromJson`.
 */
export function withDisplay<E extends Explanation>(expl: E, registry?: Formatters): E {
  return Object.defineProperty({ ...expl }, DISPLAY_SYMBOL, {
    enumerable: false,
    value: () => mimeBundle(expl, registry),
  });
}

/**
 * Shows an explanation in tslab, whose cells do not look for a symbol.
 *
 * @example
 * import { display } from 'tslab';
 * displayIn(display, expl);
 */
export function displayIn(
  display: RawDisplay,
  expl: Explanation,
  registry: Formatters = defaultRegistry(),
): void {
  const bundle = mimeBundle(expl, registry);
  const best = MEDIA.find(({ type }) => bundle[type] !== undefined);
  if (best !== undefined) display.raw(best.type, bundle[best.type]!);
}

/** A picture that shows itself as the value of a cell, still plain data; anything else as it is. */
export function pictureWithDisplay(result: unknown): unknown {
  if (readPicture(result) === undefined) return result;
  return Object.defineProperty({ ...(result as Picture) }, DISPLAY_SYMBOL, {
    enumerable: false,
    value: () => contentOf(result),
  });
}

/** Shows what a formatter gave: a page, a drawing, a picture or text. */
export function displayResult(display: RawDisplay, result: unknown): void {
  for (const [type, content] of Object.entries(contentOf(result))) display.raw(type, content);
}

/** The content and its media type, by what it looks like. */
function contentOf(result: unknown): Readonly<Record<string, string>> {
  if (readPicture(result) !== undefined) {
    return { 'image/png': toBase64(encodePng(result as Picture)) };
  }
  if (typeof result !== 'string') return { 'text/plain': JSON.stringify(result, null, 2) };
  if (PAGE.test(result)) return { 'text/html': framed(result) };
  if (/^\s*<svg[\s>]/.test(result)) return { 'image/svg+xml': result };
  return /^\s*<[a-z]/i.test(result) ? { 'text/html': result } : { 'text/plain': result };
}

function defaultRegistry(): Formatters {
  return registryOf(getDefaultContainer());
}

/** A whole page in a frame of its own, so that its styles and its script do not reach the notebook. */
function framed(page: string): string {
  const escaped = page.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<iframe sandbox="allow-scripts" title="explanation" style="width: 100%; height: 40rem; border: 0; resize: vertical; overflow: auto" srcdoc="${escaped}"></iframe>`;
}

function defaultsOf(options: Readonly<Record<string, { readonly default: unknown }>>) {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, spec]) => spec.default !== undefined)
      .map(([name, spec]) => [name, spec.default]),
  );
}
