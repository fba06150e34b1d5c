/** Paths as a tree: `layer4/1/conv1` and `layer4/1/relu` stand under `layer4/1/`. */

/** One line of it: a layer, or the part of a path that the lines below share. */
export interface TreeLine<Layer> {
  /** What the lines above do not say yet, indented. */
  readonly name: string;
  readonly layer?: Layer;
}

const INDENT = '  ';

interface Rest<Layer> {
  readonly layer: Layer;
  /** Parts of the path that no line above says. */
  readonly parts: readonly string[];
}

/** In the order given; layers side by side share a line where they share the beginning of their paths. */
export function treeOf<Layer extends { readonly path: string }>(
  layers: readonly Layer[],
): TreeLine<Layer>[] {
  return linesOf(
    layers.map((layer) => ({ layer, parts: layer.path.split('/') })),
    '',
  );
}

function linesOf<Layer>(rests: readonly Rest<Layer>[], indent: string): TreeLine<Layer>[] {
  const lines: TreeLine<Layer>[] = [];
  for (let from = 0; from < rests.length;) {
    let to = from + 1;
    while (to < rests.length && inOneFolder(rests[from], rests[to], 0)) to++;
    const together = rests.slice(from, to);
    if (together.length === 1) {
      const [{ layer, parts }] = together;
      lines.push({ name: indent + parts.join('/'), layer });
    } else {
      let depth = 1;
      while (together.every((rest) => inOneFolder(together[0], rest, depth))) depth++;
      lines.push({ name: `${indent}${together[0].parts.slice(0, depth).join('/')}/` });
      const inside = together.map(({ layer, parts }) => ({ layer, parts: parts.slice(depth) }));
      lines.push(...linesOf(inside, indent + INDENT));
    }
    from = to;
  }
  return lines;
}

/** Whether both go on below the same part, which is not the last of either. */
const inOneFolder = (a: Rest<unknown>, b: Rest<unknown>, depth: number): boolean =>
  Math.min(a.parts.length, b.parts.length) > depth + 1 && a.parts[depth] === b.parts[depth];
