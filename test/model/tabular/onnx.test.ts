/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
/** Every ONNX model of rows in the shared data predicts what ONNX Runtime predicts; trees and linear parts are read out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { RowModel } from '../../../src/model/tabular/interface.js';
import { readTabular } from '../../../src/model/tabular/read.js';
import { readGolden } from '../../helpers/tabular.js';
import { sharedFile } from '../../helpers/shared.js';

function files(t: ExecutionContext): string[] {
  const readme = sharedFile(t, 'golden', 'tabular', 'README.md');
  if (readme === undefined) return [];
  return ['1-linear', '2-trees', '3-agnostic'].flatMap((part) =>
    readdirSync(join(dirname(readme), part))
      .map((name) => join(dirname(readme), part, name))
      .flatMap((folder) =>
        ['model.onnx', 'model.nozipmap.onnx']
          .map((name) => join(folder, name))
          .filter((path) => existsSync(path)),
      ),
  );
}

const read = (path: string) =>
  readTabular(readFileSync(path), path, { name: 'golden' }) as RowModel;

/** Probabilities, scores or values that ONNX Runtime gave. */
function expectedOf(outputs: any): number[] | undefined {
  const scores = outputs?.probabilities ?? outputs?.output_probability ?? outputs?.variable;
  if (scores === undefined) return undefined;
  return Array.isArray(scores)
    ? (scores.flatMap((map) => Object.values(map)) as number[])
    : scores.data;
}

test('predictions are those of ONNX Runtime', async (t) => {
  const forms: Record<string, string> = {};
  for (const path of files(t)) {
    const name = path.split('/').slice(-2).join('/');
    if (name.startsWith('text-')) {
      t.throws(() => read(path), { code: 'UNSUPPORTED_MODEL', message: /texts/ });
      continue;
    }
    const data = readGolden(join(dirname(path), 'data.json'));
    const expected = expectedOf(data.onnxruntime[path.split('/').pop()!]);
    const model = read(path);
    forms[name] = model.form;
    if (expected === undefined) continue;
    const { shape } = data.X;
    const given = Float64Array.from(data.X.data as number[]);
    const rows = { count: shape[0], columns: shape[1], data: given };
    const { values } = await model.predict(rows);
    // a margin stands for both sides
    const own =
      values.columns === 1 && expected.length === 2 * values.count
        ? Array.from(expected, (_, i) => (i % 2 === 0 ? -1 : 1) * values.data[i >> 1])
        : values.data;
    t.true(own.length >= expected.length && own.length > 0, name);
    const scale = Math.max(...expected.map(Math.abs));
    const off = Math.max(...expected.map((x: number, i: number) => Math.abs(own[i] - x)));
    t.true(off <= 2e-6 * scale, `${name}: ${off} of ${scale}`);
  }
  const networks = Object.keys(forms).filter((name) => forms[name] === 'network');
  t.log(networks.join(' '));
  if (Object.keys(forms).length > 0) {
    t.is(forms['ovr-logreg-iris/model.onnx'], 'linear');
    t.is(forms['sgd-breast-binary/model.onnx'], 'linear');
    t.is(forms['xgb-diabetes-poisson/model.onnx'], 'trees');
    t.is(forms['lgb-breast/model.onnx'], 'trees');
    // a perceptron, a kernel, and a faulty conversion are computed as they stand
    t.deepEqual([...new Set(networks.map((name) => name.split('/')[0]))].sort(), [
      'lgb-breast-rf',
      'mlp-breast',
      'svr-diabetes',
    ]);
  }
});
