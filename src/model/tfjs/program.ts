/**
 * A model as a list of steps with their own vector–Jacobian products. Both tfjs
 * model kinds are translated into it, so that a forward pass, a partial
 * backward pass and a run from the middle are one executor's business, and no
 * gradient kernel of a back end is needed (several are missing or wrong there).
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { ActivationInfo, LayerInfo, OutputInfo, ReluRule } from '../interface.js';
import type { Fusable } from './fuse.js';
import type { Session, Weight } from './weight.js';

/** A value's number: one per step output. */
export type ValueId = number;

/** What the backward pass finds again of the forward pass. */
export interface Saved {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Known even where the tensors themselves were not kept. */
  readonly inputShapes: readonly (readonly number[])[];
}

/** One operation. Implementations never dispose what they are given. */
export interface Op {
  readonly kind: string;
  /** Which values `backward` reads; the others are freed early. Shapes are always known. */
  readonly saves?: { readonly inputs?: boolean; readonly outputs?: boolean };
  readonly activation?: ActivationInfo;
  readonly weights?: readonly Weight[];
  /** True where the op only moves values or passes them on: a softmax may hide behind it. */
  readonly passthrough?: boolean;
  /** A per-channel linear map of a `1×1` input: kernel `[channels, classes]`. */
  readonly linear?: { readonly kernel: Weight; readonly bias?: Weight };
  /** Set on global average pooling. */
  readonly globalAverage?: boolean;
  /** Set on two-dimensional convolutions that can swallow what follows. */
  readonly fusable?: Fusable;
  /** Set where the op only puts zeros around its input: rows before and after per spatial axis. */
  readonly zeroPads?: readonly (readonly [number, number])[];
  /** Set on per-channel `x · scale + shift`. */
  readonly affine?: { readonly scale: Weight; readonly shift: Weight };
  /** The per-channel constant that is added to the output. */
  bias?(): Float32Array | undefined;
  forward(inputs: readonly Tensor[], session: Session): Tensor[];
  backward(
    dys: readonly (Tensor | undefined)[],
    saved: Saved,
    want: readonly boolean[],
    session: Session,
    rule: ReluRule,
  ): (Tensor | undefined)[];
  /** The same op with its weights drawn anew. */
  randomized?(draw: (weight: Weight) => Weight): Op;
}

export interface Step {
  /** Path of the first output; also the name in messages. */
  readonly path: string;
  readonly op: Op;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
}

export interface ProgramOutput {
  readonly name: string;
  readonly value: ValueId;
  /** Before the final softmax or sigmoid; equal to `value` where there is none. */
  readonly logits: ValueId;
  readonly activation: OutputInfo['activation'];
  readonly shape: readonly (number | null)[];
}

export interface ProgramInput {
  readonly name: string;
  readonly value: ValueId;
  readonly shape: readonly (number | null)[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** Steps in execution order, and the names by which values are addressed. */
export interface Program {
  readonly name: string;
  readonly adapter: string;
  readonly inputs: readonly ProgramInput[];
  readonly outputs: readonly ProgramOutput[];
  readonly steps: readonly Step[];
  /** Value by path, aliases (a nested model's own name) included. */
  readonly values: ReadonlyMap<string, ValueId>;
  readonly layers: readonly LayerInfo[];
}

/** Collects steps while a model is translated. */
export class ProgramBuilder {
  readonly steps: Step[] = [];
  readonly values = new Map<string, ValueId>();
  readonly layers: LayerInfo[] = [];
  private readonly pathOf = new Map<ValueId, string>();
  private readonly shapeOf = new Map<ValueId, readonly (number | null)[]>();
  private readonly stepOf = new Map<ValueId, Step>();
  private next = 0;

  input(path: string, shape: readonly (number | null)[]): ValueId {
    const value = this.next++;
    this.name(path, value, shape);
    this.layers.push({ path, kind: 'Input', shape, parameters: 0, inputs: [] });
    return value;
  }

  /** Adds a step; `shapes` are the outputs' without the batch axis. */
  add(
    path: string,
    op: Op,
    inputs: readonly ValueId[],
    shapes: readonly (readonly (number | null)[])[],
    about: {
      readonly parameters?: number;
      readonly internal?: boolean;
      readonly kind?: string;
    } = {},
  ): ValueId[] {
    const unique = this.unique(path);
    const outputs = shapes.map(() => this.next++);
    const step = { path: unique, op, inputs, outputs };
    this.steps.push(step);
    outputs.forEach((value, i) => {
      const own = i === 0 ? unique : `${unique}:${i}`;
      this.name(own, value, shapes[i]);
      this.stepOf.set(value, step);
      this.layers.push({
        path: own,
        kind: about.kind ?? op.kind,
        shape: shapes[i],
        parameters: i === 0 ? (about.parameters ?? 0) : 0,
        inputs: inputs.map((input) => this.pathOf.get(input)!),
        ...(op.activation === undefined ? {} : { activation: op.activation }),
        ...(about.internal === true ? { internal: true } : {}),
        ...(op.bias?.() === undefined ? {} : { hasBias: true }),
      });
    });
    return outputs;
  }

  /** Another path for a value; an existing path wins. */
  alias(path: string, value: ValueId): void {
    if (!this.values.has(path)) this.values.set(path, value);
  }

  path(value: ValueId): string {
    return this.pathOf.get(value)!;
  }

  shape(value: ValueId): readonly (number | null)[] {
    return this.shapeOf.get(value)!;
  }

  unique(path: string): string {
    if (!this.values.has(path)) return path;
    for (let call = 1; ; call++) {
      if (!this.values.has(`${path}#${call}`)) return `${path}#${call}`;
    }
  }

  /**
   * Declares an output and looks for the final softmax or sigmoid, also behind
   * reshapes; those are then repeated on the logits, the model stays as it is.
   */
  output(name: string, value: ValueId): ProgramOutput {
    const shape = this.shape(value);
    const behind: Step[] = [];
    for (let at = value; ;) {
      const step = this.stepOf.get(at);
      if (step === undefined) break;
      const activation = step.op.activation?.name;
      if (activation === 'softmax' || activation === 'sigmoid') {
        let logits = step.inputs[0];
        for (const { path, op } of behind.reverse()) {
          [logits] = this.add(`${path}:logits`, op, [logits], [shape], { internal: true });
        }
        return { name, value, logits, activation, shape };
      }
      if (step.op.passthrough !== true || step.inputs.length !== 1) break;
      behind.push(step);
      at = step.inputs[0];
    }
    return { name, value, logits: value, activation: 'linear', shape };
  }

  build(about: Pick<Program, 'name' | 'adapter' | 'inputs' | 'outputs'>): Program {
    return { ...about, steps: this.steps, values: this.values, layers: this.layers };
  }

  private name(path: string, value: ValueId, shape: readonly (number | null)[]): void {
    this.values.set(path, value);
    this.pathOf.set(value, path);
    this.shapeOf.set(value, shape);
  }
}

/** The value a path names. Callers validate paths before; this guards the engine itself. */
export function valueAt(program: Program, path: string): ValueId {
  const value = program.values.get(path);
  if (value === undefined) {
    throw new WhylensError('UNKNOWN_LAYER', `the model '${program.name}' has no layer '${path}'`);
  }
  return value;
}
