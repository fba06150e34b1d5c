/**
 * Padding, convolution, inference-time normalisation and rectifier made one step
 * where nobody looks in between: the normalisation is multiplied into the
 * kernel, the padding becomes the convolution's own, the rest is one kernel of
 * the back end. Two to three times faster on WASM.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { convOp, depthwiseOp, explicitPadding, type ConvGeometry } from './ops/conv.js';
import type { Op, Step, ValueId } from './program.js';
import type { Weight } from './weight.js';

/** What a convolution tells about itself so that it can be fused. */
export interface Fusable {
  readonly kernel: Weight;
  readonly bias?: Weight;
  readonly geometry: ConvGeometry;
  readonly depthwise: boolean;
}

const FUSED_ACTIVATIONS: readonly string[] = ['relu', 'relu6'];

export function fuse(steps: readonly Step[], exposed: ReadonlySet<ValueId>): readonly Step[] {
  const users = new Map<ValueId, Step[]>();
  for (const step of steps) {
    for (const value of step.inputs) users.set(value, [...(users.get(value) ?? []), step]);
  }
  /** The step that alone uses this one's output, unseen by anybody else. */
  const follower = ({ outputs }: Step): Step | undefined => {
    const next = users.get(outputs[0]) ?? [];
    return outputs.length === 1 && next.length === 1 && !exposed.has(outputs[0])
      ? next[0]
      : undefined;
  };
  const swallowed = new Set<Step>();
  /** Convolutions whose padding was a step before them. */
  const padded = new Map<Step, Step>();
  for (const step of steps) {
    const next = step.op.zeroPads === undefined ? undefined : follower(step);
    const fusable = next?.op.fusable;
    // what 'same' adds depends on the size, and would be added to the padded one
    if (fusable === undefined || fusable.geometry.padding === 'same') continue;
    padded.set(next!, step);
    swallowed.add(step);
  }
  return steps.flatMap((step) => {
    if (swallowed.has(step)) return [];
    let fusable = step.op.fusable;
    if (fusable === undefined) return [step];
    let last = step;
    let inputs = step.inputs;
    const padding = padded.get(step);
    if (padding !== undefined) {
      fusable = withPads(fusable, padding.op.zeroPads!);
      inputs = padding.inputs;
    }
    const affine = follower(last);
    if (affine?.op.affine !== undefined && isPerChannel(fusable, affine.op.affine.scale)) {
      fusable = fold(fusable, affine.op.affine);
      last = affine;
      swallowed.add(affine);
    }
    const activation = follower(last);
    const name = activation?.op.activation?.name ?? '';
    const rectified = activation !== undefined && FUSED_ACTIVATIONS.includes(name);
    if (rectified) {
      last = activation;
      swallowed.add(activation);
    }
    if (last === step && padding === undefined) return [step];
    const op = fusedOp(step.op.kind, fusable, rectified ? activation.op : undefined);
    return [{ path: last.path, op, inputs, outputs: last.outputs }];
  });
}

/** The same convolution of the input before it was padded. */
function withPads(fusable: Fusable, pads: readonly (readonly [number, number])[]): Fusable {
  const own = fusable.geometry.padding;
  const padding = pads.map(([a, b], axis): [number, number] => {
    const [c, d] = typeof own === 'string' ? [0, 0] : own[axis];
    return [a + c, b + d];
  });
  return { ...fusable, geometry: { ...fusable.geometry, padding } };
}

function isPerChannel({ kernel, depthwise }: Fusable, scale: Weight): boolean {
  const channels = depthwise ? kernel.shape[2] * kernel.shape[3] : kernel.shape[3];
  return scale.shape.length === 1 && scale.shape[0] === channels;
}

/** (x ∗ w + b) · s + t = x ∗ (w · s) + (b · s + t) */
function fold(fusable: Fusable, { scale, shift }: { scale: Weight; shift: Weight }): Fusable {
  const { kernel, bias } = fusable;
  const channels = scale.shape[0];
  const multiply = (data: Float32Array) => {
    const by = scale.data();
    const result = new Float32Array(data.length);
    for (let i = 0; i < data.length;) {
      for (let k = 0; k < channels; k++, i++) result[i] = data[i] * by[k];
    }
    return result;
  };
  const folded = kernel.derive('folded', kernel.shape, multiply, [scale]);
  const addBias = (data: Float32Array) => {
    if (bias === undefined) return data;
    const [by, own] = [scale.data(), bias.data()];
    return data.map((t, k) => own[k] * by[k] + t);
  };
  const offset = shift.derive('folded', [channels], addBias, [scale, bias]);
  return { ...fusable, kernel: folded, bias: offset };
}

function fusedOp(
  kind: string,
  { kernel, bias, geometry, depthwise }: Fusable,
  activation?: Op,
): Op {
  const plain = (depthwise ? depthwiseOp : convOp)(kind, kernel, bias, geometry);
  const name = activation?.activation?.name as 'relu' | 'relu6' | undefined;
  return {
    kind,
    weights: bias === undefined ? [kernel] : [kernel, bias],
    saves: { outputs: activation !== undefined },
    forward: ([x], session) => {
      const [padded, pad] = explicitPadding(x, kernel.shape.slice(0, 2), geometry);
      const run = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
      return [
        run({
          x: padded as Tensor4D,
          filter: session.get(kernel) as Tensor4D,
          strides: [geometry.strides[0], geometry.strides[1]],
          pad,
          dilations: [geometry.dilations[0], geometry.dilations[1]],
          ...(bias === undefined ? {} : { bias: session.get(bias) }),
          ...(name === undefined ? {} : { activation: name }),
        }),
      ];
    },
    backward: (dys, saved, want, session, rule) => {
      const inner =
        activation === undefined ? dys : activation.backward(dys, saved, want, session, rule);
      return plain.backward(inner, saved, want, session, rule);
    },
  };
}
