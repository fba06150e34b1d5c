/**
 * `npm run memory -- [--megabytes 500] [--method saliency]`: writes an ONNX file of that size
 * with weights at odd places into a temporary folder, reads it in a process of its own, and
 * prints the peak over the file's size. Reading must stay below 1.5; the exit code is 1 else.
 * With a method it says what an explanation takes as well, which has no limit.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { explainPrediction, loadModel } from '../../src/index.js';
import { ELEMENT, type OnnxNode, type OnnxTensor } from '../../src/model/files/onnx.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { node, onnxModel } from '../helpers/onnx-build.js';
import { chance } from './mutate.js';

/** Of the file's size, at the peak of reading. */
const MOST = 1.5;
const CHANNELS = 512;
const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '500' },
    method: { type: 'string' },
    file: { type: 'string' },
    write: { type: 'string' },
  },
});

/** Convolutions for one half of the bytes, dense layers for the other. */
function write(file: string, bytes: number): void {
  const { below } = chance(1);
  const numbers = Float32Array.from({ length: 1 << 18 }, () => below(2001) / 1000 - 1);
  const initializers: OnnxTensor[] = [];
  const nodes: OnnxNode[] = [];
  let written = 0;
  const weight = (dims: readonly number[], scale: number): string => {
    const size = dims.reduce((a, b) => a * b, 1);
    const data = new Float32Array(size);
    for (let i = 0; i < size; i++) data[i] = numbers[(i * 7 + (i >> 16)) % numbers.length] * scale;
    // names of every length, so that data starts at every place
    const name = `w${initializers.length}`.padEnd(4 + (initializers.length % 4), '_');
    initializers.push({ name, type: ELEMENT.float, dims, raw: new Uint8Array(data.buffer) });
    written += data.byteLength;
    return name;
  };
  let last = 'x';
  const add = (op: string, inputs: readonly string[], attributes = {}): void => {
    const name = `t${nodes.length}`;
    nodes.push(node(op, inputs, [name], { attributes }));
    last = name;
  };
  const first = weight([CHANNELS, 3, 3, 3], 0.3);
  add('Conv', [last, first], { pads: [1, 1, 1, 1], strides: [2, 2] });
  while (written < bytes / 2) {
    add('Relu', [last]);
    add('Conv', [last, weight([CHANNELS, CHANNELS, 3, 3], 0.02)], { pads: [1, 1, 1, 1] });
  }
  add('GlobalAveragePool', [last]);
  add('Flatten', [last]);
  for (let width = CHANNELS; written < bytes; width = 4096) {
    add('Gemm', [last, weight([width, 4096], 1 / Math.sqrt(width))]);
    add('Relu', [last]);
  }
  const pieces = encodeOnnx(
    onnxModel({ nodes, inputs: { x: [1, 3, 32, 32] }, outputs: [last], initializers }),
  );
  const handle = openSync(file, 'w');
  for (const piece of pieces) writeSync(handle, piece);
  closeSync(handle);
}

/** In a process of its own, over what it held before. */
async function measure(file: string): Promise<void> {
  const size = statSync(file).size;
  const peak = (): number => process.resourceUsage().maxRSS * 1024;
  const before = peak();
  const ratio = (): number => (peak() - before) / size;
  const model = await loadModel(file);
  const read = ratio();
  process.stdout.write(`${Math.round(size / 1e6)} MB: read with ${read.toFixed(2)} × its size\n`);
  if (values.method !== undefined) {
    const data = Float32Array.from({ length: 3072 }, (_, i) => Math.sin(i));
    const options = { method: values.method } as never;
    await explainPrediction(model, { shape: [1, 3, 32, 32], data }, options);
    process.stdout.write(`${values.method}: ${ratio().toFixed(2)} × its size\n`);
  }
  model.dispose();
  if (read >= MOST) process.exitCode = 1;
}

if (values.write !== undefined) write(values.write, Number(values.megabytes) * 1e6);
else if (values.file !== undefined) await measure(values.file);
else {
  const folder = mkdtempSync(join(tmpdir(), 'whylens-memory-'));
  const file = join(folder, 'large.onnx');
  // a process hands its own peak on to those that it starts, so this one stays small
  const again = (...more: readonly string[]): unknown =>
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...more], { stdio: 'inherit' });
  try {
    again('--write', file, '--megabytes', values.megabytes);
    again('--file', file, ...(values.method === undefined ? [] : ['--method', values.method]));
  } catch {
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
