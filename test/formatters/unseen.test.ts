/** Characters that break a file or steer a terminal are in no output, whichever formatter writes it. */
import test from 'ava';
import { explanationFromJson, formatAsJson } from '../../formatters/json.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import { EXPLANATION_KINDS, type Explanation } from '../../src/explanation.js';
import { records } from '../helpers/records.js';

const EVIL = 'a\uffff\ufffe\u0000\u001b]0;x\u0007\u009b2J\u202eb\u2066c\u200f\ufeff\u0085';
/** What no XML 1.0 file may hold, and what steers. */
const BROKEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/;

const NAMES = new Set(['label', 'feature', 'estimator', 'name', 'description', 'vectorizer']);
function evil(value: unknown, key = ''): unknown {
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const isNames = ['warnings', 'classNames', 'classes'].includes(key);
    return value.map((item) => (isNames && typeof item === 'string' ? item + EVIL : evil(item)));
  }
  if (typeof value !== 'object' || value === null) {
    return NAMES.has(key) && typeof value === 'string' ? value + EVIL : value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, evil(one, name)]));
}

for (const kind of EXPLANATION_KINDS) {
  test(`nothing unseen is in any file: ${kind}`, (t) => {
    const record = evil(records[kind]) as Explanation;
    t.not(JSON.stringify(record), JSON.stringify(records[kind]));
    for (const formatter of registryOf(createContainer()).formatters.values()) {
      // a table keeps names as they are, for other programs
      if (!formatter.kinds.includes(kind) || formatter.id === 'table') continue;
      const made: unknown = formatter.format(record, {});
      if (typeof made === 'string') t.notRegex(made, BROKEN, `${formatter.id} of ${kind}`);
    }
  });

  test(`JSON says the same: ${kind}`, (t) => {
    const record = evil(records[kind]) as Explanation;
    for (const indent of [0, 2]) {
      t.deepEqual(explanationFromJson(formatAsJson(record, { indent })), record);
    }
  });
}
