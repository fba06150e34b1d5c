/** Changes that a disk, a network or an attacker makes, each from a seed alone. */
export interface Chance {
  /** A whole number from 0 up to `below`. */
  below(below: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: the same trials everywhere. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: (items) => items[below(items.length)] };
}

const SIZES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

export function mutatedBytes(bytes: Uint8Array, { below, pick }: Chance): Uint8Array {
  let now = Uint8Array.from(bytes);
  for (let changes = 1 + below(4); changes > 0 && now.length > 0; changes--) {
    const at = below(now.length);
    // headers hold what decides
    const early = below(2) === 0 ? Math.min(at, below(200)) : at;
    switch (below(6)) {
      case 0:
        now[early] ^= 1 << below(8);
        break;
      case 1:
        now[early] = pick([0, 1, 127, 128, 255]);
        break;
      case 2:
        now = now.slice(0, at);
        break;
      case 3: {
        const end = Math.min(now.length, at + 1 + below(64));
        now = Uint8Array.from([...now.subarray(0, at), ...now.subarray(end)]);
        break;
      }
      case 4: {
        const from = below(now.length);
        const part = now.subarray(from, Math.min(now.length, from + 1 + below(64)));
        now = Uint8Array.from([...now.subarray(0, at), ...part, ...now.subarray(at)]);
        break;
      }
      default: {
        if (early + 4 > now.length) break;
        new DataView(now.buffer).setUint32(early, pick(SIZES), below(2) === 0);
      }
    }
  }
  return now;
}

const VALUES: readonly (() => unknown)[] = [
  ...[null, true, 0, -1, 1.5, 1e9, 2 ** 31, 1e308, '', 'x', '__proto__', '\u0000\u202e'].map(
    (value) => () => value,
  ),
  () => [],
  () => ({}),
  () => [[[]]],
  () => new Array(5000).fill(1),
  () => JSON.parse(`${'['.repeat(400)}${']'.repeat(400)}`) as unknown,
  () => 'y'.repeat(100_000),
];

type Node = Record<string, unknown>;
export function mutatedJson(text: string, chances: Chance): string {
  const { below, pick } = chances;
  const holder: Node = { root: JSON.parse(text) as unknown };
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const places: (readonly [Node, string])[] = [[holder, 'root']];
    const walk = (node: unknown, depth: number): void => {
      if (typeof node !== 'object' || node === null || depth > 40) return;
      for (const key of Object.keys(node).slice(0, 200)) {
        places.push([node as Node, key]);
        walk((node as Node)[key], depth + 1);
      }
    };
    walk(holder.root, 0);
    const [node, key] = pick(places);
    const [other, otherKey] = pick(places);
    switch (below(5)) {
      case 0:
        if (Array.isArray(node)) node.splice(Number(key), 1);
        else if (node !== holder) delete node[key];
        break;
      case 1:
        node[key] = structuredClone(other[otherKey]);
        break;
      case 2:
        if (typeof node[key] === 'number') node[key] *= pick([-1, 0, 2, 1000, 0.5]);
        else if (Array.isArray(node[key])) node[key] = [...node[key], ...node[key]].slice(0, 5000);
        break;
      default:
        node[key] = pick(VALUES)();
    }
  }
  return JSON.stringify(holder.root) ?? 'null';
}

/** Text out of pieces that mean something. */
export function mixedText(pieces: readonly string[], { below, pick }: Chance): string {
  return Array.from({ length: below(12) }, () => pick(pieces)).join(pick(['', ' ']));
}
