/* eslint-disable no-console -- the console is what is tested */
/** The console while a backend starts: their lines are held back, those of everybody else are not. */
import test from 'ava';
import { quietly } from '../../../src/model/tfjs/quietly.js';

test.serial('holds back what TensorFlow.js says of its start, and nothing else', async (t) => {
  const { warn, error } = console;
  const seen: unknown[] = [];
  console.warn = (...words: unknown[]) => void seen.push(words);
  console.error = (...words: unknown[]) => void seen.push(words);
  const own = console.warn;
  try {
    let kept = console.warn;
    const answer = await quietly(async () => {
      kept = console.warn;
      console.warn('Initialization of backend wasm failed');
      console.error('Aborted(both async and sync fetching of the wasm failed)');
      console.warn("The kernel 'Add' for backend 'cpu' is already registered");
      console.warn('mine', 1);
      await quietly(async () => console.error('wasm streaming compile failed: no'));
      return 3;
    });
    t.is(answer, 3);
    t.deepEqual(seen, [['mine', 1]]);
    t.is(console.warn, own, 'the console is as it was');
    kept('Aborted(later)');
    t.deepEqual(
      seen.slice(1),
      [['Aborted(later)']],
      'a function kept for later holds nothing back',
    );
    await t.throwsAsync(
      quietly(() => Promise.reject(new Error('no'))),
      { message: 'no' },
    );
    t.is(console.warn, own);
  } finally {
    console.warn = warn;
    console.error = error;
  }
});
