/** Columns cut into bins at their quantiles. */

export interface Bins {
  /** Ascending; bin k holds what is above edge k − 1 and not above edge k. */
  readonly edges: readonly number[];
}

/** Cuts at equally spaced quantiles (numpy's default: linear between order statistics); equal cuts once. */
export function quantileBins(values: ArrayLike<number>, parts: number): Bins {
  const sorted = Float64Array.from(values)
    .filter((x) => !Number.isNaN(x))
    .sort();
  if (sorted.length === 0) return { edges: [] };
  const edges = Array.from({ length: parts - 1 }, (_, i) => {
    const place = ((i + 1) / parts) * (sorted.length - 1);
    const low = Math.floor(place);
    return (
      sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low])
    );
  });
  return { edges: [...new Set(edges)] };
}

/** Index of the bin; −1 for a missing value. */
export function binOf({ edges }: Bins, value: number): number {
  if (Number.isNaN(value)) return -1;
  let bin = 0;
  while (bin < edges.length && value > edges[bin]) bin++;
  return bin;
}

/** `5.10 < length <= 5.80`, as LIME writes it. */
export function binName({ edges }: Bins, bin: number, name: string): string {
  if (bin < 0) return `${name} is missing`;
  if (edges.length === 0) return name;
  const low = bin === 0 ? '' : `${edges[bin - 1].toFixed(2)} < `;
  if (bin === edges.length) return `${name} > ${edges[bin - 1].toFixed(2)}`;
  return `${low}${name} <= ${edges[bin].toFixed(2)}`;
}
