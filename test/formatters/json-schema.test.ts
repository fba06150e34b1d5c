import { Ajv } from 'ajv';
import test from 'ava';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { formatAsDict } from '../../formatters/json.js';
import { hostile, records } from '../helpers/records.js';
import { explanationSchema } from '../helpers/schema.js';

const path = 'schema/explanation.schema.json';
const made = `${JSON.stringify(explanationSchema(), undefined, 2)}\n`;

test('the schema in the package is what the types say', (t) => {
  if (process.env.UPDATE_SNAPSHOTS === '1') {
    mkdirSync('schema', { recursive: true });
    writeFileSync(path, made);
  }
  t.true(existsSync(path));
  t.is(
    readFileSync(path, 'utf8'),
    made,
    'types and schema differ: run again with UPDATE_SNAPSHOTS=1',
  );
});

const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(made) as object,
);

for (const [kind, record] of Object.entries(records)) {
  test(`a stored ${kind} fits the schema, and fits it no more with a field gone or added`, (t) => {
    for (const expl of [record, hostile(record)]) {
      for (const arrays of ['base64', 'numbers'] as const) {
        const dict = JSON.parse(JSON.stringify(formatAsDict(expl, { arrays }))) as object;
        t.true(validate(dict), JSON.stringify(validate.errors?.slice(0, 3)));
        for (const name of Object.keys(dict)) {
          if (['layer', 'input', 'classNames'].includes(name) && kind !== 'transition-features')
            continue;
          if (name === 'importances' && kind === 'decision-tree') continue;
          const { [name as keyof typeof dict]: _gone, ...rest } = dict;
          t.false(validate(rest), `without ${name}`);
        }
        t.false(validate({ ...dict, surprise: 1 }));
      }
    }
  });
}
