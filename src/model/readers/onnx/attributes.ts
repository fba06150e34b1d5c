/** Attributes of a node by name, with the defaults of the standard. */
import { WhylensError } from '../../../errors.js';
import type { OnnxNode, OnnxTensor } from '../../files/onnx.js';

const text = new TextDecoder();

export class Attributes {
  constructor(readonly node: OnnxNode) {}

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  int(name: string, fallback: number): number;
  int(name: string): number | undefined;
  int(name: string, fallback?: number): number | undefined {
    const value = this.node.attributes.get(name)?.i;
    return value === undefined ? fallback : Number(value);
  }

  float(name: string, fallback: number): number;
  float(name: string): number | undefined;
  float(name: string, fallback?: number): number | undefined {
    return this.node.attributes.get(name)?.f ?? fallback;
  }

  ints(name: string): number[] | undefined {
    return this.node.attributes.get(name)?.ints?.map(Number);
  }

  floats(name: string): readonly number[] | undefined {
    return this.node.attributes.get(name)?.floats;
  }

  text(name: string, fallback: string): string {
    const bytes = this.node.attributes.get(name)?.s;
    return bytes === undefined ? fallback : text.decode(bytes);
  }

  tensor(name: string): OnnxTensor | undefined {
    return this.node.attributes.get(name)?.t;
  }
}

/** An error about a node, in the same words everywhere. */
export function refused(node: OnnxNode, why: string): WhylensError {
  return new WhylensError(
    'UNSUPPORTED_OPERATION',
    `${titleOf(node)} ${why}. Methods that only need predictions (occlusion, rise, lime, kernel-shap) ${node.domain === 'tensorflow' ? 'still work if TensorFlow.js runs the graph' : 'run the file as it is in ONNX Runtime'}`,
    { facts: { operator: node.op, domain: node.domain, node: node.name } },
  );
}

/** The file contradicts itself at a node. */
export function broken(node: OnnxNode, why: string): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `${titleOf(node)} ${why}: the file is damaged, or made for another input size`,
    { facts: { operator: node.op, node: node.name } },
  );
}

function titleOf(node: OnnxNode): string {
  // a graph of TensorFlow, read in the words of ONNX
  if (node.domain === 'tensorflow') return `node '${node.name}' (${node.op})`;
  const op = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
  const name = node.name === '' ? `that gives '${node.outputs[0]}'` : `'${node.name}'`;
  return `operator ${op} of node ${name}`;
}
