import test from 'ava';
import { parseOption, validateOptions } from '../../../src/options.js';
import { isWhylensError } from '../../../src/errors.js';
import { TOKEN_OPTIONS } from '../../../explainers/shared/token-grid.js';

const parse = (text: string) => parseOption('grad-cam', 'tokens', TOKEN_OPTIONS.tokens, text);

test('tokens are read from text: what to skip, the grid, or both', (t) => {
  t.deepEqual(parse('1'), { skip: 1 });
  t.deepEqual(parse('14x14'), { grid: [14, 14] });
  t.deepEqual(parse('5:3x4x2'), { skip: 5, grid: [3, 4, 2] });
});

test('what is not a grid is refused by name', (t) => {
  for (const tokens of [
    parse('14'.repeat(2) + 'x'),
    parse('a:b'),
    { grid: [0, 3] },
    { grid: [] },
    { skip: -1 },
    { skip: 1.5 },
    { rows: 3 },
    null,
  ]) {
    const error = t.throws(() => validateOptions('grad-cam', TOKEN_OPTIONS, { tokens }));
    t.true(isWhylensError(error, 'INVALID_OPTION'), JSON.stringify(tokens));
    t.regex(error.message, /tokens.*skip.*grid/);
  }
  t.deepEqual(validateOptions('grad-cam', TOKEN_OPTIONS, { tokens: { skip: 1 } }), {
    tokens: { skip: 1 },
  });
});
