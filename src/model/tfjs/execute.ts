/** Runs a program forward and backward over one chunk. Synchronous; call inside `tidy`. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError, isWhylensError } from '../../errors.js';
import { repeat } from './ops/repeat.js';
import type { ReluRule } from '../interface.js';
import type { Saved, Step, ValueId } from './program.js';
import { failureOf } from './wasm-instance.js';
import type { Session } from './weight.js';

/** What one forward pass runs, and what it keeps. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Steps between the values differentiated for and the outputs, in forward order. */
  readonly backward: readonly Step[];
  /** Values that depend on one differentiated for. */
  readonly dependent: ReadonlySet<ValueId>;
  /** Values that outlive their last use. */
  readonly keep: ReadonlySet<ValueId>;
}

/** The steps needed for `fetch` when `fed` are given, and those to walk back through for `wrt`. */
export function planOf(
  steps: readonly Step[],
  fed: ReadonlySet<ValueId>,
  fetch: readonly ValueId[],
  wrt: readonly ValueId[] = [],
): Plan {
  const wanted = new Set(fetch);
  const needed: Step[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (!step.outputs.some((value) => wanted.has(value) && !fed.has(value))) continue;
    needed.push(step);
    for (const input of step.inputs) wanted.add(input);
  }
  needed.reverse();
  const dependent = new Set(wrt);
  const backward = needed.filter((step) => {
    if (!step.inputs.some((value) => dependent.has(value))) return false;
    for (const value of step.outputs) dependent.add(value);
    return true;
  });
  const keep = new Set([...fetch, ...wrt]);
  for (const { op, inputs, outputs } of backward) {
    if (op.saves?.inputs === true) inputs.forEach((value) => keep.add(value));
    if (op.saves?.outputs === true) outputs.forEach((value) => keep.add(value));
  }
  return { steps: needed, backward, dependent, keep };
}

/** Values computed by a forward pass, and the shapes of those that were freed. */
export interface Values {
  readonly tensors: Map<ValueId, Tensor>;
  readonly shapes: Map<ValueId, readonly number[]>;
}

export function forward(plan: Plan, feeds: ReadonlyMap<ValueId, Tensor>, session: Session): Values {
  const tensors = new Map(feeds);
  const shapes = new Map<ValueId, readonly number[]>();
  for (const [value, { shape }] of feeds) shapes.set(value, shape);
  const uses = new Map<ValueId, number>();
  for (const { inputs } of plan.steps) {
    for (const value of inputs) uses.set(value, (uses.get(value) ?? 0) + 1);
  }
  for (const step of plan.steps) {
    const inputs = step.inputs.map((value) => tensors.get(value)!);
    const outputs = guarded(step, 'run', () => tf.tidy(() => step.op.forward(inputs, session)));
    step.outputs.forEach((value, i) => {
      // a fed value stands, also where its step runs for another output
      if (feeds.has(value)) {
        outputs[i].dispose();
        return;
      }
      tensors.set(value, outputs[i]);
      shapes.set(value, outputs[i].shape);
      if (!uses.has(value) && !plan.keep.has(value)) {
        outputs[i].dispose();
        tensors.delete(value);
      }
    });
    for (const value of step.inputs) {
      const left = uses.get(value)! - 1;
      uses.set(value, left);
      if (left === 0 && !plan.keep.has(value) && !feeds.has(value)) {
        tensors.get(value)!.dispose();
        tensors.delete(value);
      }
    }
  }
  return { tensors, shapes };
}

/**
 * Gradients at `wrt`, from gradients at some later values. Gradient tensors are
 * freed as they are used up. With `times` the seeds hold that many gradients of
 * one sample along the batch axis, and so does the result.
 */
export function backward(
  plan: Plan,
  values: Values,
  seeds: ReadonlyMap<ValueId, Tensor>,
  wrt: readonly ValueId[],
  session: Session,
  rule: ReluRule,
  times = 1,
): Map<ValueId, Tensor> {
  const again = (tensor: Tensor | undefined) =>
    tensor === undefined || times === 1
      ? tensor
      : repeat(tensor, [times, ...tensor.shape.slice(1).map(() => 1)]);
  const wanted = new Set(wrt);
  const gradients = new Map<ValueId, Tensor>();
  for (const [value, seed] of seeds) {
    if (plan.dependent.has(value)) gradients.set(value, seed.clone());
  }
  for (let i = plan.backward.length - 1; i >= 0; i--) {
    const step = plan.backward[i];
    const dys = step.outputs.map((value) => gradients.get(value));
    if (dys.every((dy) => dy === undefined)) continue;
    const want = step.inputs.map((value) => plan.dependent.has(value));
    const { saves } = step.op;
    const dxs = guarded(step, 'differentiate', () =>
      tf.tidy(() => {
        const saved: Saved = {
          inputs:
            saves?.inputs === true
              ? step.inputs.map((value) => again(values.tensors.get(value))!)
              : [],
          outputs:
            saves?.outputs === true
              ? step.outputs.map((value) => again(values.tensors.get(value))!)
              : [],
          inputShapes: step.inputs.map((value) => {
            const [batch, ...shape] = values.shapes.get(value)!;
            return [batch * times, ...shape];
          }),
        };
        return step.op.backward(dys, saved, want, session, rule) as Tensor[];
      }),
    );
    step.outputs.forEach((value) => {
      if (wanted.has(value)) return;
      gradients.get(value)?.dispose();
      gradients.delete(value);
    });
    step.inputs.forEach((value, input) => {
      const dx = dxs[input] as Tensor | undefined;
      if (dx === undefined) return;
      const sum = gradients.get(value);
      if (!want[input]) {
        dx.dispose();
      } else if (sum === undefined) {
        gradients.set(value, dx);
      } else {
        gradients.set(value, tf.add(sum, dx));
        sum.dispose();
        dx.dispose();
      }
    });
  }
  return gradients;
}

/** Names the operation and the layer where a back end cannot do something. */
function guarded<T>(step: Step, verb: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const failure = failureOf(error);
    if (failure !== undefined) throw failure;
    if (isWhylensError(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `cannot ${verb} layer '${step.path}' (${step.op.kind}) on the '${tf.getBackend()}' back end: ${message}. Try another back end, a layer nearer to the output, or a method without gradients such as occlusion or rise`,
      {
        cause: error,
        facts: { layer: step.path, operation: step.op.kind, backend: tf.getBackend() },
      },
    );
  }
}
