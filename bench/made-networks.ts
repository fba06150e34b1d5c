/** Networks with weights from a seed, as ONNX files: right in size and form, trained for nothing. */
import { encodeOnnx } from '../src/model/files/onnx-encode.js';
import { ELEMENT, type OnnxNode, type OnnxTensor } from '../src/model/files/onnx.js';
import { seededRandom } from '../src/maths/random.js';
import { floats, int64s, node, onnxModel } from '../test/helpers/onnx-build.js';

const SIDE = 224;
const CLASSES = 1000;

/** MobileNet V1 of full width, batch normalisation folded in. */
export function mobileNet(): Uint8Array {
  const net = new Net();
  let x = net.conv('input', 3, 32, { kernel: 3, stride: 2, pads: [0, 0, 1, 1] }, 'Clip');
  let from = 32;
  const blocks = '64/1 128/2 128/1 256/2 256/1 512/2 512/1 512/1 512/1 512/1 512/1 1024/2 1024/1';
  for (const block of blocks.split(' ')) {
    const [to, stride] = block.split('/').map(Number);
    const pads = stride === 2 ? [0, 0, 1, 1] : [1, 1, 1, 1];
    x = net.conv(x, from, from, { kernel: 3, stride, pads, group: from }, 'Clip');
    x = net.conv(x, from, to, {}, 'Clip');
    from = to;
  }
  return net.bytes(net.head(x, from));
}

/** ResNet-18, batch normalisation folded in. */
export function resNet18(): Uint8Array {
  const net = new Net();
  const around = [1, 1, 1, 1];
  let x = net.conv('input', 3, 64, { kernel: 7, stride: 2, pads: [3, 3, 3, 3] }, 'Relu');
  x = net.add('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: around });
  let from = 64;
  for (const to of [64, 128, 256, 512]) {
    for (let block = 0; block < 2; block++) {
      const stride = to !== from ? 2 : 1;
      const inner = net.conv(x, from, to, { kernel: 3, stride, pads: around }, 'Relu');
      const outer = net.conv(inner, to, to, { kernel: 3, pads: around });
      const beside = to === from ? x : net.conv(x, from, to, { stride });
      x = net.add('Relu', [net.add('Add', [outer, beside])]);
      from = to;
    }
  }
  return net.bytes(net.head(x, from));
}

/** A vision transformer: patches of 16, width 192, four layers of three heads, the mean of the tokens. */
export function smallViT(): Uint8Array {
  const net = new Net();
  const width = 192;
  const heads = 3;
  const count = (SIDE / 16) ** 2;
  const patches = net.conv('input', 3, width, { kernel: 16, stride: 16 });
  const rows = net.add('Reshape', [patches, net.whole([0, width, count])]);
  const tokens = net.add('Transpose', [rows], { perm: [0, 2, 1] });
  let x = net.add('Add', [tokens, net.weight([1, count, width], 0.02)]);
  for (let layer = 0; layer < 4; layer++) {
    const normed = net.norm(x, width);
    const split = (perm: readonly number[]) => {
      const projected = net.dense(normed, width, width);
      const shape = net.whole([0, count, heads, width / heads]);
      return net.add('Transpose', [net.add('Reshape', [projected, shape])], { perm });
    };
    const query = split([0, 2, 1, 3]);
    const key = split([0, 2, 3, 1]);
    const value = split([0, 2, 1, 3]);
    const scale = net.number(Math.sqrt(heads / width));
    const scores = net.add('Mul', [net.add('MatMul', [query, key]), scale]);
    const mixed = net.add('MatMul', [net.add('Softmax', [scores], { axis: -1 }), value]);
    const together = net.add('Transpose', [mixed], { perm: [0, 2, 1, 3] });
    const attended = net.add('Reshape', [together, net.whole([0, count, width])]);
    x = net.add('Add', [x, net.dense(attended, width, width)]);
    const inner = net.gelu(net.dense(net.norm(x, width), width, 4 * width));
    x = net.add('Add', [x, net.dense(inner, 4 * width, width)]);
  }
  const mean = net.add('ReduceMean', [net.norm(x, width)], { axes: [1], keepdims: 0 });
  return net.bytes(net.dense(mean, width, CLASSES));
}

interface Conv {
  readonly kernel?: number;
  readonly stride?: number;
  readonly pads?: readonly number[];
  readonly group?: number;
}

class Net {
  private readonly nodes: OnnxNode[] = [];
  private readonly tensors: OnnxTensor[] = [];
  private readonly random = seededRandom(11);

  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
  ): string {
    const name = `${op.toLowerCase()}_${this.nodes.length}`;
    this.nodes.push(node(op, inputs, [name], { attributes, name }));
    return name;
  }

  weight(dims: readonly number[], deviation: number, mean = 0): string {
    const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = mean + deviation * this.random.normal();
    const raw = new Uint8Array(data.buffer);
    return this.keep({ name: this.next(), dims, type: ELEMENT.float, raw });
  }

  number(value: number): string {
    return this.keep(floats(this.next(), [], [value]));
  }

  whole(values: readonly number[]): string {
    return this.keep(int64s(this.next(), values));
  }

  conv(x: string, from: number, to: number, how: Conv, after?: 'Relu' | 'Clip'): string {
    const { kernel = 1, stride = 1, pads = [0, 0, 0, 0], group = 1 } = how;
    const fan = (from / group) * kernel ** 2;
    const weight = this.weight([to, from / group, kernel, kernel], Math.sqrt(2 / fan));
    const y = this.add('Conv', [x, weight, this.weight([to], 0.01)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads,
      group,
    });
    if (after === undefined) return y;
    return this.add(after, after === 'Clip' ? [y, this.number(0), this.number(6)] : [y]);
  }

  dense(x: string, from: number, to: number): string {
    const product = this.add('MatMul', [x, this.weight([from, to], Math.sqrt(1 / from))]);
    return this.add('Add', [product, this.weight([to], 0.01)]);
  }

  norm(x: string, width: number): string {
    const inputs = [x, this.weight([width], 0.1, 1), this.weight([width], 0.01)];
    return this.add('LayerNormalization', inputs, { axis: -1 });
  }

  gelu(x: string): string {
    const error = this.add('Erf', [this.add('Mul', [x, this.number(Math.SQRT1_2)])]);
    const gate = this.add('Mul', [this.add('Add', [error, this.number(1)]), this.number(0.5)]);
    return this.add('Mul', [x, gate]);
  }

  head(x: string, channels: number): string {
    const pooled = this.add('Flatten', [this.add('GlobalAveragePool', [x])]);
    const weight = this.weight([CLASSES, channels], Math.sqrt(1 / channels));
    return this.add('Gemm', [pooled, weight, this.weight([CLASSES], 0.01)], { transB: 1 });
  }

  bytes(output: string): Uint8Array {
    const { nodes, tensors: initializers } = this;
    const inputs = { input: ['batch', 3, SIDE, SIDE] };
    return Buffer.concat(encodeOnnx(onnxModel({ nodes, initializers, inputs, outputs: [output] })));
  }

  private next(): string {
    return `tensor_${this.tensors.length}`;
  }

  private keep(tensor: OnnxTensor): string {
    this.tensors.push(tensor);
    return tensor.name;
  }
}
