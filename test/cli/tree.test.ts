/** The tree that `whylens layers` prints, by hand. */
import test from 'ava';
import { treeOf } from '../../src/cli/tree.js';

const names = (...paths: string[]): string[] =>
  treeOf(paths.map((path) => ({ path }))).map(({ name }) => name);

test('layers side by side share the beginning of their paths', (t) => {
  t.deepEqual(
    names('conv1', 'layer1/0/conv1', 'layer1/0/relu', 'layer1/1/conv1', 'layer1/1/relu', 'fc'),
    ['conv1', 'layer1/', '  0/', '    conv1', '    relu', '  1/', '    conv1', '    relu', 'fc'],
  );
});

test('a single layer keeps its whole path; parts that all share stand on one line', (t) => {
  t.deepEqual(names('a/b/c', 'd/e/f/x', 'd/e/f/y', 'd/z'), [
    'a/b/c',
    'd/',
    '  e/f/',
    '    x',
    '    y',
    '  z',
  ]);
  t.deepEqual(names('d/e/x', 'd/e/y'), ['d/e/', '  x', '  y']);
});

test('a layer whose name is the beginning of others stands for itself; the order stays', (t) => {
  t.deepEqual(names('a', 'a/b', 'a/c', 'x/p', 'a/d', 'x/q'), [
    'a',
    'a/',
    '  b',
    '  c',
    'x/p',
    'a/d',
    'x/q',
  ]);
  const layers = [{ path: 'a/b' }, { path: 'a/c' }];
  t.deepEqual(
    treeOf(layers).map(({ layer }) => layer),
    [undefined, ...layers],
  );
  t.deepEqual(treeOf([]), []);
});
