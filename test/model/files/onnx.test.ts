import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isWhylensError } from '../../../src/errors.js';
import { ELEMENT, type OnnxTensor } from '../../../src/model/files/onnx.js';
import { decodeOnnx } from '../../../src/model/files/onnx-decode.js';
import { encodeOnnx } from '../../../src/model/files/onnx-encode.js';
import { externalBytes, externalFiles } from '../../../src/model/files/onnx-external.js';
import { tensorNumbers } from '../../../src/model/files/onnx-tensor.js';
import { joined, MessageReader, MessageWriter } from '../../../src/model/files/protobuf.js';
import { onnxModel } from '../../helpers/onnx-build.js';
import { sharedFile } from '../../helpers/shared.js';

const told = (error: unknown): boolean => isWhylensError(error, 'MODEL_LOAD');

test('numbers of 64 bits survive writing and reading', (t) => {
  const values = [0n, 1n, -1n, 127n, 128n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
  const out = new MessageWriter().ints(1, values);
  values.forEach((value) => out.int(2, value));
  const reader = new MessageReader(joined(out.pieces()), 'test');
  const [packed, single]: bigint[][] = [[], []];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    reader.int64s(field === 1 ? packed : single);
  }
  t.deepEqual(packed, values);
  t.deepEqual(single, values);
});

const tensor = (type: number, dims: number[], more: Partial<OnnxTensor>): OnnxTensor => ({
  name: 'w',
  type,
  dims,
  ...more,
});

test('every element type is read from raw bytes and from its field', (t) => {
  const read = (one: OnnxTensor): number[] => [...tensorNumbers(one)];
  const raw = (...bytes: number[]): Partial<OnnxTensor> => ({ raw: Uint8Array.from(bytes) });
  t.deepEqual(read(tensor(ELEMENT.float, [1], raw(0, 0, 0xc0, 0x3f))), [1.5]);
  t.deepEqual(read(tensor(ELEMENT.float, [2], { floats: [1.5, -2] })), [1.5, -2]);
  // half precision: 1, −2, the largest, the smallest, infinity
  t.deepEqual(
    read(tensor(ELEMENT.float16, [5], raw(0, 0x3c, 0, 0xc0, 0xff, 0x7b, 1, 0, 0, 0x7c))),
    [1, -2, 65504, 2 ** -24, Infinity],
  );
  t.deepEqual(read(tensor(ELEMENT.float16, [2], { int32s: [0x3c00n, 0xc000n] })), [1, -2]);
  t.deepEqual(read(tensor(ELEMENT.bfloat16, [2], raw(0x80, 0x3f, 0x40, 0xc0))), [1, -3]);
  t.deepEqual(read(tensor(ELEMENT.bfloat16, [1], { int32s: [0x3f80n] })), [1]);
  t.deepEqual(read(tensor(ELEMENT.double, [1], raw(0, 0, 0, 0, 0, 0, 0xf8, 0x3f))), [1.5]);
  t.deepEqual(read(tensor(ELEMENT.double, [1], { doubles: [0.1] })), [0.1]);
  t.deepEqual(read(tensor(ELEMENT.int64, [2], { int64s: [-5n, 2n ** 40n] })), [-5, 2 ** 40]);
  t.deepEqual(
    read(tensor(ELEMENT.int64, [1], raw(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))),
    [-1],
  );
  t.deepEqual(read(tensor(ELEMENT.int32, [1], raw(0xfe, 0xff, 0xff, 0xff))), [-2]);
  t.deepEqual(read(tensor(ELEMENT.uint32, [1], { uint64s: [4294967295n] })), [4294967295]);
  t.deepEqual(read(tensor(ELEMENT.int16, [1], raw(0xfe, 0xff))), [-2]);
  t.deepEqual(read(tensor(ELEMENT.uint16, [1], raw(0xfe, 0xff))), [65534]);
  t.deepEqual(read(tensor(ELEMENT.int8, [2], raw(0xfe, 3))), [-2, 3]);
  t.deepEqual(read(tensor(ELEMENT.uint8, [2], raw(0xfe, 3))), [254, 3]);
  t.deepEqual(read(tensor(ELEMENT.bool, [2], raw(1, 0))), [1, 0]);
  t.deepEqual(read(tensor(ELEMENT.int4, [3], raw(0xf1, 0x07))), [1, -1, 7]);
  t.deepEqual(read(tensor(ELEMENT.uint4, [3], { int32s: [0xf1n, 0x07n] })), [1, 15, 7]);
  t.deepEqual(read(tensor(ELEMENT.float8e4m3fn, [3], raw(0x38, 0xb8, 0x7e))), [1, -1, 448]);
  t.deepEqual(read(tensor(ELEMENT.float8e5m2, [2], raw(0x3c, 0x7b))), [1, 57344]);
});

test('float32 on an aligned start is a view, on any other a copy', (t) => {
  const file = new Uint8Array(16);
  file.set([0, 0, 0x80, 0x3f], 8);
  file.set([0, 0, 0x80, 0x3f], 3);
  const view = tensorNumbers(tensor(ELEMENT.float, [1], { raw: file.subarray(8, 12) }));
  t.is(view.buffer, file.buffer);
  t.is(tensorNumbers(tensor(ELEMENT.float, [1], { raw: file.subarray(3, 7) }))[0], 1);
});

test('data of a file of our own is moved to where it can be looked at without a copy', (t) => {
  const numbers = Array.from({ length: 60 }, (_, i) => i / 7 - 3);
  // names of four lengths: the data starts at four places
  const names = ['a', 'ab', 'abc', 'abcd'];
  const model = onnxModel({
    nodes: [],
    inputs: {},
    outputs: [],
    initializers: names.map((name, i) => ({
      name,
      type: ELEMENT.float,
      dims: [60],
      raw: new Uint8Array(Float32Array.from(numbers, (x) => x + i).buffer),
    })),
  });
  const bytes = joined(encodeOnnx(model));
  const whole = bytes.slice();
  const { graph } = decodeOnnx(bytes, 'own.onnx', true);
  const starts = decodeOnnx(whole, 'theirs.onnx').graph.initializers.map(
    ({ raw }) => raw!.byteOffset % 4,
  );
  t.is(new Set(starts).size > 1, true, 'they start at odd places');
  graph.initializers.forEach((tensor, i) => {
    t.is(tensor.name, names[i]);
    const data = tensorNumbers(tensor);
    t.is(data.buffer, bytes.buffer, 'no copy');
    t.deepEqual([...data], [...Float32Array.from(numbers, (x) => x + i)]);
  });
  t.deepEqual(whole, joined(encodeOnnx(model)), 'what is not our own stays as it is');
});

test('data that does not fit its shape, and shapes without end, are errors', (t) => {
  const raw = new Uint8Array(8);
  for (const wrong of [
    tensor(ELEMENT.float, [3], { raw }),
    tensor(ELEMENT.float, [3], { floats: [1, 2] }),
    tensor(ELEMENT.float, [1e9, 1e9], { raw }),
    tensor(ELEMENT.float, [1e9], {}),
    tensor(ELEMENT.string, [1], { strings: [raw] }),
    tensor(99, [1], { raw }),
  ]) {
    t.true(told(t.throws(() => tensorNumbers(wrong), { message: /tensor 'w'/ })));
  }
});

test('weights outside the folder of the model are refused', (t) => {
  const outside = ['../w', 'a/../../w', '/etc/passwd', 'C:\\w', 'file:///w', 'a\\..\\..\\w', '\\w'];
  const model = (location: string) =>
    decodeOnnx(
      joined(
        new MessageWriter()
          .message(7, (graph) =>
            graph.message(5, (w) =>
              w
                .text(8, 'w')
                .message(13, (entry) => entry.text(1, 'location').text(2, location))
                .int(14, 1),
            ),
          )
          .pieces(),
      ),
      'a.onnx',
    );
  for (const location of outside) t.true(told(t.throws(() => externalFiles(model(location)))));
  t.deepEqual(externalFiles(model('sub/w.data')), ['sub/w.data']);
  const beyond = tensor(1, [1], { external: { location: 'w', offset: 4, length: 8 } });
  t.true(told(t.throws(() => externalBytes(beyond, new Map([['w', new Uint8Array(8)]])))));
  t.true(told(t.throws(() => externalBytes(beyond, new Map()))));
  const all = tensor(1, [1], { external: { location: 'w', offset: 4 } });
  t.is(externalBytes(all, new Map([['w', new Uint8Array(8)]]))!.length, 4);
});

test('graphs nested without end are an error', (t) => {
  let bytes: Uint8Array = new Uint8Array();
  for (let i = 0; i < 40; i++) {
    const inner = bytes;
    bytes = joined(
      new MessageWriter().message(1, (n) => n.message(5, (a) => a.bytes(6, inner))).pieces(),
    );
  }
  const file = joined(new MessageWriter().bytes(7, bytes).pieces());
  t.true(told(t.throws(() => decodeOnnx(file, 'deep.onnx'), { message: /deep/ })));
});

for (const folder of ['torch', 'tf2onnx', 'real', 'variants', 'old-caffe2']) {
  test(`files of ${folder} come out of decoding and encoding with every message`, (t) => {
    const path = sharedFile(t, 'golden', 'onnx', folder);
    if (path === undefined) return;
    for (const name of readdirSync(path).filter((file) => file.endsWith('.onnx'))) {
      const model = decodeOnnx(new Uint8Array(readFileSync(join(path, name))), name);
      const bytes = joined(encodeOnnx(model));
      const again = decodeOnnx(bytes, name);
      t.is(again.graph.nodes.length, model.graph.nodes.length);
      t.deepEqual(again.graph.nodes.at(-1), model.graph.nodes.at(-1));
      t.true(Buffer.from(joined(encodeOnnx(again))).equals(Buffer.from(bytes)), name);
      const files = new Map(
        externalFiles(model).map((file) => [file, readFileSync(join(path, file))]),
      );
      for (const weights of model.graph.initializers) {
        if (weights.type === ELEMENT.string) continue;
        const numbers = tensorNumbers(weights, externalBytes(weights, files));
        t.is(
          numbers.length,
          weights.dims.reduce((a, b) => a * b, 1),
        );
      }
    }
  });
}
