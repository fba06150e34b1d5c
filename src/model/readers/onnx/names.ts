/** Names of the layers of an ONNX model: by the modules that exporters leave, else as in the file. */
import type { OnnxNode } from '../../files/onnx.js';

const SCOPES = 'pkg.torch.onnx.name_scopes';

export interface NodeName {
  /** Modules from the outside in; undefined if the exporter left none. */
  readonly modules?: readonly string[];
  /** The name within the last module, or the whole name. */
  readonly leaf: string;
}

export function nameOf(node: OnnxNode, prefix = ''): NodeName {
  const scopes = node.metadata.get(SCOPES);
  if (scopes !== undefined) {
    const list = [...scopes.matchAll(/'([^']*)'/g)].map(([, text]) => text);
    const leaf = list.pop() ?? node.name;
    const module = list.pop() ?? '';
    // a module that exporters invent for nodes that are in none
    if (module.startsWith('_empty')) return { modules: [], leaf };
    return { modules: module === '' ? [] : module.split('.'), leaf };
  }
  const own = node.name === '' ? (node.outputs.find((name) => name !== '') ?? node.op) : node.name;
  const name = prefix === '' ? own : `${prefix}/${own}`;
  if (!name.startsWith('/')) return { leaf: name };
  const parts = name.split('/').filter((part) => part !== '');
  const leaf = parts.pop() ?? node.op;
  // 'layer4', 'layer4.1' mean layer4/1
  const modules = parts.map((part, i) =>
    i > 0 && part.startsWith(`${parts[i - 1]}.`) ? part.slice(parts[i - 1].length + 1) : part,
  );
  return { modules: modules.flatMap((part) => part.split('.')), leaf };
}

/** Paths that are all different; a module of one node alone is called by its own name. */
export function pathsOf(names: readonly NodeName[]): string[] {
  const counts = new Map<string, number>();
  for (const { modules } of names) {
    const key = modules?.join('/') ?? '';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  // a module with modules inside cannot have its own name for one node
  const outer = new Set<string>();
  for (const { modules = [] } of names) {
    for (let i = 1; i < modules.length; i++) outer.add(modules.slice(0, i).join('/'));
  }
  const used = new Set<string>();
  return names.map(({ modules, leaf }) => {
    const module = modules?.join('/') ?? '';
    const alone = module !== '' && counts.get(module) === 1 && !outer.has(module);
    const wished = alone ? module : module === '' ? leaf : `${module}/${leaf}`;
    let path = wished;
    for (let i = 2; used.has(path); i++) path = `${wished}_${i}`;
    used.add(path);
    return path;
  });
}
