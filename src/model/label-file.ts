/** Class names in all common forms. Pure. */
import { WhylensError } from '../errors.js';
import { requireShallow } from '../reading/nesting.js';

/**
 * Names by class index: a JSON array, `{ "0": "cat" }`, Keras'
 * `{ "0": ["n02123045", "tabby"] }`, `{ "cat": 0 }` as generators write it, the
 * `metadata.json` of Teachable Machine, a `config.json` of transformers or timm,
 * or text with one name in each line (`synset.txt` with the WordNet id before it).
 *
 * @throws `MODEL_LOAD` if indices are missing or names are not text.
 */
export function parseLabels(text: string, name: string): string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (!/^[[{"]/.test(trimmed)) return linesOf(trimmed, name);
  requireShallow(trimmed, (why) => new WhylensError('MODEL_LOAD', `cannot read ${name}: ${why}`));
  let json: unknown;
  try {
    json = JSON.parse(trimmed);
  } catch (cause) {
    throw new WhylensError(
      'MODEL_LOAD',
      `${name} must hold labels as JSON or one a line, got broken JSON (${(cause as Error).message})`,
      { cause, facts: { file: name } },
    );
  }
  return labelsOf(json, name);
}

/** Labels from a value that is already parsed. */
export function labelsOf(value: unknown, name: string): string[] {
  const list = Array.isArray(value) ? value : listOf(value, name);
  if (list.length === 0) throw wrong(name, 'an empty list');
  return list.map((entry, index) => {
    // Keras: [WordNet id, name]
    const label = Array.isArray(entry) ? (entry[1] as unknown) : (entry as unknown);
    if (typeof label !== 'string') {
      throw wrong(name, `${JSON.stringify(entry)?.slice(0, 80) ?? 'nothing'} for class ${index}`);
    }
    return label;
  });
}

function listOf(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) throw wrong(name, typeof value);
  // Teachable Machine keeps the names in its metadata, timm and transformers in their configs
  const { labels, label_names: ofTimm, id2label } = value as Record<string, unknown>;
  if (Array.isArray(labels)) return labels;
  if (Array.isArray(ofTimm)) return ofTimm;
  if (typeof id2label === 'object' && id2label !== null) return listOf(id2label, name);
  const entries = Object.entries(value);
  // a generator's class_indices: names with their index
  const turned = entries.every(([, index]) => Number.isInteger(index))
    ? entries.map(([label, index]) => [String(index), label] as const)
    : entries;
  const byIndex = new Map<number, unknown>();
  for (const [index, label] of turned) {
    if (!/^\d+$/.test(index)) throw wrong(name, `the key '${index}' instead of a class index`);
    if (byIndex.has(Number(index))) throw wrong(name, `two labels for class ${Number(index)}`);
    byIndex.set(Number(index), label);
  }
  // no list is made before it is known that every place is filled
  const count = [...byIndex.keys()].reduce((most, index) => Math.max(most, index + 1), 0);
  const list: unknown[] = [];
  for (let index = 0; index < byIndex.size; index++) {
    if (!byIndex.has(index)) throw wrong(name, `no label for class ${index} of ${count}`);
    list.push(byIndex.get(index));
  }
  return list;
}

function linesOf(text: string, name: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  if (text === '') throw wrong(name, 'an empty file');
  const empty = lines.indexOf('');
  if (empty !== -1) throw wrong(name, `an empty line ${empty + 1}: a class without a name`);
  // synset files of ImageNet: the WordNet id comes first
  const named = lines.map((line) => /^n\d{8}[\s,]+(.+)$/.exec(line)?.[1]);
  return named.every((label) => label !== undefined) ? named : lines;
}

function wrong(name: string, got: string): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `${name} must hold one label a class: an array, { "0": "cat", … }, Keras' { "0": ["n02…", "cat"], … } or one a line; got ${got}`,
    { facts: { file: name } },
  );
}
