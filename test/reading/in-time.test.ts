import test from 'ava';
import { withinTime } from '../../src/reading/in-time.js';

const late = () => new Error('late');

test('work that JavaScript cannot interrupt has an end', (t) => {
  // every way of cutting the text into ones and twos is tried
  const endless = () => /^(?:a|aa)+$/.test(`${'a'.repeat(120)}b`);
  t.throws(() => withinTime(endless, 50, late), { message: 'late' });
  t.is(
    withinTime(() => withinTime(() => 6, 1000, late) * 7, 1000, late),
    42,
  );
  const error = new TypeError('own');
  t.is(
    t.throws(() =>
      withinTime(
        () => {
          throw error;
        },
        1000,
        late,
      ),
    ),
    error,
  );
});

test('where the machine was busy meanwhile, the work is begun once more', (t) => {
  let calls = 0;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const work = (): number => {
    calls += 1;
    // the first waits without a processor, as a thread does that gets none
    while (calls === 1) Atomics.wait(cell, 0, 0, 5);
    return calls;
  };
  t.is(withinTime(work, 100, late), 2);
});
