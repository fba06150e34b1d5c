/** Every primitive and every composite against differences in float64. */
import test from 'ava';
import { COMPOSITES, PRIMITIVES } from '../../helpers/value-cases.js';
import { checkAgainstDifferences } from '../../helpers/values.js';

for (const [name, cases] of Object.entries(PRIMITIVES)) {
  cases.forEach((one, i) => test(`${name} ${i}`, (t) => checkAgainstDifferences(t, one)));
}

for (const [name, one] of Object.entries(COMPOSITES)) {
  test(`composite ${name}`, (t) => checkAgainstDifferences(t, one));
}
