/** Walking a tabular ONNX graph: values by name, computed when they are asked for. */
import type { OnnxModel } from '../../files/onnx.js';
import { ELEMENT } from '../../files/onnx.js';
import { tensorNumbers } from '../../files/onnx-tensor.js';
import { broken, unsupported } from '../fields.js';
import { Node } from './attributes.js';
import { OPERATORS } from './operators.js';
import type { Flowing, Matrix } from './tensor.js';
import { append } from '../../../maths/extremes.js';

/** A node chain longer than this has a cycle, or is not a pipeline of tables. */
const MOST_STEPS = 20_000;

export class TabularGraph {
  readonly inputs: readonly {
    readonly name: string;
    readonly words: boolean;
    readonly columns: number;
  }[];
  private readonly makers = new Map<string, { readonly node: Node; readonly output: number }>();
  private readonly constants = new Map<string, Flowing>();

  constructor(
    model: OnnxModel,
    readonly file: string,
    /** Columns of the one input that leaves them open. */
    columns?: number,
  ) {
    const { graph } = model;
    for (const tensor of graph.initializers) this.constants.set(tensor.name, this.constant(tensor));
    for (const raw of graph.nodes) {
      const node = new Node(raw, file);
      const value = raw.attributes.get('value')?.t;
      if (raw.op === 'Constant' && value !== undefined) {
        this.constants.set(raw.outputs[0], this.constant(value));
      } else raw.outputs.forEach((name, output) => this.makers.set(name, { node, output }));
    }
    this.inputs = graph.inputs
      .filter(({ name }) => !this.constants.has(name))
      .map(({ name, type, shape }) => {
        const size = shape?.[1];
        if (
          shape !== undefined &&
          shape.length === 2 &&
          typeof size !== 'number' &&
          type !== ELEMENT.string &&
          columns === undefined
        ) {
          throw broken(
            file,
            `its input '${name}' leaves open how many columns it has: give their names as featureNames`,
          );
        }
        return {
          name,
          words: type === ELEMENT.string,
          columns: typeof size === 'number' ? size : shape?.length === 2 ? (columns ?? 1) : 1,
        };
      });
  }

  /** The node that makes a value, without those that change nothing. */
  maker(name: string): Node | undefined {
    let at = name;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const found = this.makers.get(at)?.node;
      if (found === undefined || !['Identity', 'ZipMap', 'Cast'].includes(found.op)) return found;
      at = found.inputs[0];
    }
    throw broken(this.file, 'its nodes go round in a circle');
  }

  /** The node that makes a value, whatever it does. */
  rawMaker(name: string): Node | undefined {
    return this.makers.get(name)?.node;
  }

  /** Labels from which the graph picks its answer, if it does so by itself. */
  get classes(): string[] | undefined {
    return this.words('classes');
  }

  /** A list in the file, as words. */
  words(name: string): string[] | undefined {
    const value = this.constants.get(name);
    if (value === undefined) return undefined;
    return 'words' in value ? [...value.words] : Array.from(value.data, String);
  }

  /** Operators between the inputs and a value, the last first. */
  between(name: string): string[] {
    const ops: string[] = [];
    for (let at = this.makers.get(name)?.node; at !== undefined && ops.length < 32;) {
      if (!['Cast', 'Identity'].includes(at.op)) ops.push(at.op);
      at = this.makers.get(at.inputs[0])?.node;
    }
    return ops;
  }

  /** A number, row or matrix that is in the file. */
  known(name: string): Matrix | undefined {
    const value = this.constants.get(name);
    return value === undefined || 'words' in value ? undefined : value;
  }

  isInput(name: string): boolean {
    return this.inputs.some((input) => input.name === name);
  }

  /** The value of that name for these inputs. */
  evaluate(name: string, feeds: ReadonlyMap<string, Flowing>): Flowing {
    const values = new Map<string, Flowing>([...this.constants, ...feeds]);
    const waiting = [name];
    for (let steps = 0; waiting.length > 0; steps++) {
      if (steps > MOST_STEPS) throw broken(this.file, 'its nodes go round in a circle');
      const wanted = waiting[waiting.length - 1];
      if (values.has(wanted)) {
        waiting.pop();
        continue;
      }
      const maker = this.makers.get(wanted);
      if (maker === undefined) throw broken(this.file, `nothing gives the value '${wanted}'`);
      const { node } = maker;
      const lacking = node.inputs.filter((input) => input !== '' && !values.has(input));
      if (lacking.length > 0) {
        append(waiting, lacking);
        continue;
      }
      const operator = OPERATORS[node.op] as (typeof OPERATORS)[string] | undefined;
      if (operator === undefined) throw this.unknown(node.op);
      if (/Classifier$/.test(node.op) && maker.output === 0)
        throw this.unknown(`${node.op}'s label`);
      values.set(
        wanted,
        operator(
          node,
          node.inputs.map((input) => values.get(input)!),
          this.file,
        ),
      );
      waiting.pop();
    }
    return values.get(name)!;
  }

  private unknown(what: string): Error {
    return unsupported(
      this.file,
      `the operator ${what}, which is not computed for rows of a table; known are ${Object.keys(OPERATORS).join(', ')}`,
    );
  }

  private constant(tensor: OnnxModel['graph']['initializers'][number]): Flowing {
    if (tensor.type === ELEMENT.string) {
      return { words: (tensor.strings ?? []).map((bytes) => new TextDecoder().decode(bytes)) };
    }
    const data = Float64Array.from(tensorNumbers(tensor));
    const { dims } = tensor;
    const columns = dims.length === 0 ? 1 : dims[dims.length - 1];
    return { rows: columns === 0 ? 0 : data.length / columns, columns, data };
  }
}
