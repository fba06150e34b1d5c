/** Long records: no list overflows the call stack, and nothing takes the square of its length. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { truncate, wrap } from '../../formatters/drawing/font.js';
import * as terminal from '../../formatters/text/layout.js';

const run = promisify(execFile);
const CHILD = 'build/test/helpers/long-records.js';
/** Generous: what was cubic took hours. */
const LIMIT = 240_000;

test.serial('every formatter comes back from records that are long in every place', async (t) => {
  t.timeout(10 * LIMIT);
  for (const formatter of ['image', 'text', 'html', 'svg', 'figure', 'json', 'table']) {
    // a small stack stands for a longer list
    const { stdout } = await run(process.execPath, ['--stack-size=400', CHILD, formatter], {
      timeout: LIMIT,
      killSignal: 'SIGKILL',
      env: { ...process.env, WHYLENS_BACKEND: 'wasm' },
    });
    const expected = formatter === 'image' ? 1 : 8;
    t.is(stdout.trim().split('\n').length, expected + (formatter === 'image' ? 0 : 1), formatter);
    t.log(stdout);
  }
});

test('long words are broken as they were when each letter was measured', (t) => {
  const style = { size: 13 };
  t.deepEqual(wrap('aaaa bbbbbbbbbbbbbb cc', 60, style), ['aaaa', 'bbbbbbb', 'bbbbbbb', 'cc']);
  const two = wrap(`short ${'x'.repeat(5000)} end`, 60, style, 2);
  t.is(two.length, 2);
  t.regex(two[1], /^x{4,8}…$/);
  t.deepEqual(wrap('one two', 1e6, style, 1), ['one two']);
  t.is(truncate('one two', 1e6, style), 'one two');
});

test('characters of a long text are those of a short one', (t) => {
  const family = '👨‍👩‍👧';
  const text = `${'e\u0301x\r\n'.repeat(700)}${family.repeat(300)}🇩🇪🇫🇷${'a\u0301\u0302'.repeat(500)}`;
  const whole = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text);
  t.deepEqual(
    terminal.graphemes(text),
    Array.from(whole, ({ segment, index }) => ({ text: segment, at: index })),
  );
  // one character of thousands of marks is still one
  t.is(terminal.graphemes(`a${'\u0301'.repeat(5000)}b`).length, 2);
  t.is(terminal.widthOf('界'.repeat(3000)), 6000);
  t.deepEqual(terminal.wrap('ab cdefgh ij', 4), ['ab', 'cdef', 'gh', 'ij']);
});
