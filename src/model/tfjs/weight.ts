import { keep, tensor, type Tensor } from '@tensorflow/tfjs-core';

/**
 * A weight array: the caller's own tensor, or numbers of ours (folded, reversed
 * or re-drawn). What is derived from it is computed once and kept as numbers,
 * never as tensors, so that nothing stays allocated between calls.
 */
export class Weight {
  readonly shape: readonly number[];
  private readonly id = nextId++;
  private numbers: Float32Array | undefined;
  private readonly derived = new Map<string, Weight>();

  private constructor(
    shape: readonly number[],
    private readonly source: Tensor | (() => Float32Array),
  ) {
    this.shape = shape;
  }

  /** The same weight for the same data: training a model gives its variables new data. */
  static of(source: Tensor): Weight {
    const known = byData.get(source.dataId);
    if (known !== undefined && known.tensor?.isDisposed === false) return known;
    const made = new Weight(source.shape, source);
    byData.set(source.dataId, made);
    return made;
  }

  static from(shape: readonly number[], compute: () => Float32Array): Weight {
    return new Weight(shape, compute);
  }

  /** The caller's tensor, if this is one. */
  get tensor(): Tensor | undefined {
    return typeof this.source === 'function' ? undefined : this.source;
  }

  data(): Float32Array {
    return (this.numbers ??=
      typeof this.source === 'function'
        ? this.source()
        : Float32Array.from(this.source.dataSync()));
  }

  /** A weight computed from this one and others, under a name; computed when first read, once. */
  derive(
    name: string,
    shape: readonly number[],
    compute: (data: Float32Array) => Float32Array,
    others: readonly (Weight | undefined)[] = [],
  ): Weight {
    const key = [name, ...others.map((other) => other?.id ?? '')].join(' ');
    let found = this.derived.get(key);
    if (found === undefined) {
      found = Weight.from(shape, () => compute(this.data()));
      this.derived.set(key, found);
    }
    return found;
  }
}

let nextId = 0;
const byData = new WeakMap<object, Weight>();

/** The tensors of one call: uploaded when first used, freed at its end. */
export class Session {
  constructor(private readonly resident?: ReadonlyMap<Weight, Tensor>) {}

  private readonly uploaded = new Map<Weight, Tensor>();

  get(weight: Weight): Tensor {
    const own = weight.tensor ?? this.resident?.get(weight);
    if (own !== undefined) return own;
    let found = this.uploaded.get(weight);
    if (found === undefined) {
      // first used inside some tidy, needed until the end of the call
      found = keep(tensor(weight.data(), weight.shape as number[], 'float32'));
      this.uploaded.set(weight, found);
    }
    return found;
  }

  dispose(): void {
    for (const uploaded of this.uploaded.values()) uploaded.dispose();
    this.uploaded.clear();
  }
}
