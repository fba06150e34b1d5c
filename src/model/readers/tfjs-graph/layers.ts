/** Nodes as layers: by name, in execution order. */
import type { ActivationInfo } from '../../interface.js';
import { countParameters, type GraphLayer, type GraphOutput } from '../../graph/model-graph.js';
import { axisOrigins, isNoMap } from '../../graph/space.js';
import { ordered, type Value } from '../../graph/value.js';
import { Attributes } from './attributes.js';
import { spaceOf } from '../onnx/space.js';
import type { Step } from './trace.js';

export interface NamedInput {
  readonly name: string;
  /** Of its node. */
  readonly node: string;
  readonly value: Value<'input'>;
}

/** Operations that pass their input on unchanged. */
const PASS = /^(Identity|IdentityN|Snapshot|StopGradient|PreventGradient|CheckNumerics)$/;
const PRODUCTS = new Set(['MatMul', 'Conv2D']);
const SUMS = new Set(['BiasAdd', 'Add', 'AddV2']);

const kindOf = (op: string): string => op.replace(/^_/, '');

export function layersOf(
  traced: readonly Step[],
  inputs: readonly NamedInput[],
  outputs: readonly GraphOutput[],
): Map<string, GraphLayer> {
  const needed = new Set(ordered(outputs.flatMap(({ value, logits }) => [value, logits])));
  const steps = traced.flatMap((step) => onTheWay(step, needed));
  const joined = productsWithBias(steps, outputs);
  const layers = new Map<string, GraphLayer>();
  const owner = new Map<Value, string>();
  const aliases = new Map<string, string[]>();
  for (const { name, node, value } of inputs) {
    owner.set(value, name);
    aliases.set(name, node === name ? [] : [node]);
    layers.set(name, {
      path: name,
      kind: 'Input',
      value,
      parameters: 0,
      inputs: [],
      aliases: aliases.get(name),
    });
  }
  const spaces = spaceOf(steps, outputs);
  const origins = axisOrigins(
    steps.map(({ output }) => output.value),
    inputs.map(({ value }) => value),
  );
  const counted = new Set<Value>();
  const makers = new Map<Value, Step>();
  for (const step of traced)
    if (!makers.has(step.output.value)) makers.set(step.output.value, step);
  const sources = (value: Value): string[] => {
    const path = owner.get(value);
    return path === undefined ? (makers.get(value)?.from.flatMap(sources) ?? []) : [path];
  };
  const products = new Set(joined.values());
  for (const step of steps) {
    const { value } = step.output;
    const known = owner.get(value);
    if (known !== undefined) {
      // a node that changes no number is another name of the one before it
      if (step.internal !== true) aliases.get(known)?.push(step.name);
      continue;
    }
    if (products.has(step)) continue;
    const product = joined.get(step);
    const path = uniqueName(step.name, layers);
    const own = [...(product?.weights ?? []), ...step.weights].filter((w) => !counted.has(w));
    // what a node holds before its activation counts with the node
    own.forEach((w) => counted.add(w));
    const noMap = isNoMap(origins.get(value) ?? [], value.shape);
    const space = spaces.get(step);
    owner.set(value, path);
    aliases.set(path, []);
    layers.set(path, {
      path,
      kind: kindOf((product ?? step).node.op),
      value,
      parameters: countParameters(own),
      inputs: [...new Set((product ?? step).from.flatMap(sources))],
      activation: step.internal === true ? undefined : activationOf(step),
      space: noMap ? 'none' : space,
      aliases: aliases.get(path),
      weights: own,
      ...(step.internal === true ? { internal: true } : {}),
    });
  }
  return layers;
}

/**
 * A step with a value that the outputs need. If the reshape in which a node ends was merged into
 * the next one, it is the value before it.
 */
function onTheWay(step: Step, needed: ReadonlySet<Value>): Step[] {
  const { value } = step.output;
  if (needed.has(value)) return [step];
  const [before] = value.inputs;
  if (value.op !== 'reshape' || !needed.has(before)) return [];
  return [{ ...step, output: { ...step.output, value: before, order: [] } }];
}

function uniqueName(name: string, layers: ReadonlyMap<string, GraphLayer>): string {
  if (!layers.has(name)) return name;
  let i = 2;
  while (layers.has(`${name}_${i}`)) i++;
  return `${name}_${i}`;
}

/** Bias additions of which a product's result alone is taken, by what adds: those two are one linear layer. */
function productsWithBias(
  steps: readonly Step[],
  outputs: readonly GraphOutput[],
): Map<Step, Step> {
  const users = new Map<Value, Step[]>();
  for (const step of steps) {
    for (const value of step.from) users.set(value, [...(users.get(value) ?? []), step]);
  }
  const ends = new Set(outputs.map(({ value }) => value));
  const found = new Map<Step, Step>();
  for (const product of steps) {
    const { value } = product.output;
    const { shape } = value;
    const single = product.node.op === 'MatMul' || shape.slice(0, -1).every((n) => n === 1);
    const next = users.get(value) ?? [];
    if (!PRODUCTS.has(product.node.op) || !single || next.length !== 1 || ends.has(value)) continue;
    const [sum] = next;
    const bias = sum.weights[0]?.shape;
    const fits = sum.weights.length === 1 && bias.length === 1 && bias[0] === shape.at(-1);
    if (SUMS.has(sum.node.op) && fits && product.weights.length > 0) found.set(sum, product);
  }
  return found;
}

function activationOf({ node, output, from }: Step): ActivationInfo | undefined {
  const { value } = output;
  if (PASS.test(node.op)) return undefined;
  if (value.op === 'relu') {
    const { ceiling } = value.attrs;
    return ceiling === Infinity
      ? { name: 'relu' }
      : { name: ceiling === 6 ? 'relu6' : 'relu', ceiling };
  }
  const last = new Attributes(node).texts('fused_ops').at(-1);
  const name = activationNamed(last) ?? activationNamed(node.op) ?? bentBy(node.op, value, from);
  return name === undefined ? undefined : { name };
}

/** What is computed value by value and is not a straight line. */
const UNITS = new Set([
  ...['LeakyRelu', 'Prelu', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'Softmax'],
  ...['Exp', 'Expm1', 'Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Square', 'Reciprocal', 'Inv', 'Pow'],
  ...['Erf', 'Erfc', 'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh'],
  ...['Atanh', 'ClipByValue', 'LogSoftmax'],
]);
/** A constant and a value, or a value with itself, if that gives no straight line. */
function bentBy(op: string, value: Value, from: readonly Value[]): string | undefined {
  if (new Set(from).size !== 1) return undefined;
  const [a, b] = value.inputs;
  if (value.op === 'mul' && a === b)
    return op === 'SquaredDifference' ? 'squaredDifference' : 'square';
  if (value.op === 'div' && b.live) return 'reciprocal';
  return op === 'Maximum' || op === 'Minimum' ? op.toLowerCase() : undefined;
}
/** `leakyRelu` for `LeakyRelu`. */
function activationNamed(op: string | undefined): string | undefined {
  return op !== undefined && UNITS.has(op) ? `${op[0].toLowerCase()}${op.slice(1)}` : undefined;
}
