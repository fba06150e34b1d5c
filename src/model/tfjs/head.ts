import type { LinearHead } from '../interface.js';
import { valueAt, type Program, type Step } from './program.js';

/**
 * The linear map over a layer, where nothing but global average pooling, moves
 * and one linear layer lies between it and the logits; else what lies there.
 */
export function linearHeadOf(
  program: Program,
  layer: string,
  outputName?: string,
): LinearHead | { readonly found: string } {
  const output =
    outputName === undefined
      ? program.outputs[0]
      : (program.outputs.find(({ name }) => name === outputName) ?? program.outputs[0]);
  const chain: Step[] = [];
  let pooled = false;
  let linear: Step['op']['linear'];
  const found = (why: string) => ({
    found: `${why} (after '${layer}': ${chain.map(({ path, op }) => `${path} [${op.kind}]`).join(' → ') || 'nothing'})`,
  });
  for (let value = valueAt(program, layer); value !== output.logits;) {
    const users = program.steps.filter(
      ({ inputs, path }) =>
        inputs.includes(value) && !onlyToProbabilities(program, path, output.logits),
    );
    if (users.length !== 1)
      return found(
        users.length === 0 ? 'the output is not reached' : 'the layer feeds several others',
      );
    const [step] = users;
    chain.push(step);
    if (step.op.globalAverage === true && !pooled) pooled = true;
    else if (step.op.linear !== undefined && pooled && linear === undefined)
      linear = step.op.linear;
    else if (step.op.passthrough !== true)
      return found(
        pooled ? 'more than one linear layer follows' : 'no global average pooling follows',
      );
    value = step.outputs[0];
  }
  if (!pooled || linear === undefined)
    return found(pooled ? 'no linear layer follows' : 'no global average pooling follows');
  const [channels, classes] = linear.kernel.shape.slice(-2);
  return {
    kernel: { shape: [channels, classes], data: linear.kernel.data().slice() },
    bias: linear.bias?.data().slice() ?? new Float32Array(classes),
  };
}

/** A step that does not lead to the logits (the softmax itself, or another branch) does not count. */
function onlyToProbabilities(program: Program, path: string, logits: number): boolean {
  const reaches = new Set([logits]);
  for (let i = program.steps.length - 1; i >= 0; i--) {
    const { inputs, outputs } = program.steps[i];
    if (outputs.some((value) => reaches.has(value))) inputs.forEach((value) => reaches.add(value));
  }
  const step = program.steps.find((candidate) => candidate.path === path)!;
  return !step.outputs.some((value) => reaches.has(value));
}
