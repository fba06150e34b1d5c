import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Colormap } from '../../src/images/colormaps.js';

export interface Reference {
  readonly sha256: string;
  readonly raw?: readonly number[];
}

/** What Pillow 9.5.0 gives for the pictures of `noise.ts`; see test/fixtures/make-pictures.py. */
export interface PillowReference {
  readonly resized: readonly (Reference & {
    readonly mode: string;
    readonly from: readonly [number, number];
    readonly to: readonly [number, number];
    readonly filter: string;
  })[];
  readonly converted: readonly (Reference & { readonly from: string; readonly to: string })[];
  readonly composites: readonly (Reference & { readonly bottom: string; readonly seed: number })[];
  readonly stretched: Reference;
  readonly jpegs: Readonly<Record<string, Reference>>;
}

/** Tests run compiled, from the root of the project. */
export const fixture = (name: string) => resolve('test/fixtures', name);

export const pillow = () =>
  JSON.parse(readFileSync(fixture('pillow.json'), 'utf8')) as PillowReference;

/** matplotlib's own 256 colours, truncated to 8 bits as ELI5 has them. */
export function matplotlibColormap(
  name: 'viridis' | 'jet' | 'gray' | 'binary' | 'magma',
): Colormap {
  const tables = JSON.parse(readFileSync(fixture('matplotlib.json'), 'utf8')) as Record<
    string,
    string
  >;
  const hex = tables[name];
  return (value) => {
    const at = Math.round(value * 255) * 6;
    return `#${hex.slice(at, at + 6)}`;
  };
}
