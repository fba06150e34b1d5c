import test from 'ava';
import { explainPrediction, formatAsImage, showPrediction } from '../src/index.js';
import { didYouMean, nearestNames } from '../src/did-you-mean.js';
import { colormapTable } from '../src/images/colormaps.js';
import { labelIndex } from '../src/images/labels.js';
import { findLayer } from '../src/model/layers.js';
import type { ModelDescription } from '../src/model/interface.js';
import { whylens } from './helpers/command.js';

test('what differs in case and hyphens only, then beginnings, then slips, then what is inside', (t) => {
  const methods = ['cam', 'grad-cam', 'grad-cam++', 'x-grad-cam', 'saliency'];
  t.deepEqual(nearestNames('gradcam', methods), ['grad-cam', 'grad-cam++', 'x-grad-cam']);
  t.deepEqual(nearestNames('GradCAM++', methods)[0], 'grad-cam++');
  t.deepEqual(nearestNames('target', ['tokens', 'targets']), ['targets']);
  // swapped letters are one slip
  t.deepEqual(nearestNames('tragets', ['traces', 'targets']), ['targets', 'traces']);
  t.deepEqual(nearestNames('cat', ['tiger cat', 'bat', 'cat flap']), [
    'cat flap',
    'bat',
    'tiger cat',
  ]);
  t.deepEqual(nearestNames('colour', ['colormap', 'opacity']), ['colormap']);
  t.deepEqual(nearestNames('tigre', ['tiger cat', 'cat']), ['tiger cat']);
});

test('nothing is suggested that is far off', (t) => {
  t.deepEqual(nearestNames('foo', ['fem', 'dff', 'cam', 'tta']), []);
  t.deepEqual(nearestNames('x', ['n', 'of']), []);
  t.deepEqual(nearestNames('', ['n', 'of']), []);
  t.deepEqual(nearestNames('explode', ['explain', 'evaluate']), []);
  t.is(didYouMean('foo', ['fem']), '.');
  t.is(didYouMean('foo', []), '.');
});

test('all names that begin so are suggested, and of misspelt ones the nearest', (t) => {
  t.is(
    didYouMean('color', ['colormap', 'colorbar', 'columns']),
    "; did you mean 'colormap' or 'colorbar'?",
  );
  t.is(didYouMean('lanzcos', ['lanczos', 'lanczos3']), "; did you mean 'lanczos'?");
  t.is(
    didYouMean('pgn', ['png', 'jpg'], (name) => `.${name}`),
    '; did you mean .png?',
  );
});

const model = () => [[1, 2]];
const picture = { width: 1, height: 1, mode: 'L', data: new Uint8ClampedArray(1) } as const;

test('an option of a method: its own, those of the call, those of formatters', async (t) => {
  const refuse = async (options: object, message: RegExp) => {
    await t.throwsAsync(explainPrediction(model, picture, options as never), {
      code: 'UNKNOWN_OPTION',
      message,
    });
  };
  await refuse({ method: 'tta', target: 'dog' }, /'target'; did you mean 'targets'\?/);
  await refuse({ method: 'smooth', sigam: 3 }, /did you mean 'sigma'\?/);
  await refuse({ method: 'lime', lables: [] }, /did you mean 'labels'\?/);
  await refuse(
    { colormap: 'jet' },
    /did you mean 'colormap', which is an option of formatters \(image, /,
  );
  await refuse({ quux: 1 }, /has no option 'quux'\. /);
  await t.throwsAsync(showPrediction(model, picture, { format: { layer: 'x' } } as never), {
    message: /formatter 'image' has no option 'layer'; did you mean 'layer', beside 'format'\?/,
  });
});

test('labels, layers, colormaps, choices', (t) => {
  const labels = ['tench, Tinca tinca', 'tiger cat', 'Egyptian cat', 'toilet tissue'];
  t.regex(
    t.throws(() => labelIndex('tigr cat', labels)).message,
    /nearest of 4 labels are 'tiger cat'$/,
  );
  t.regex(
    t.throws(() => labelIndex('quux', labels)).message,
    /no class is called 'quux', and no label is near to that; there are 4, such as 'tench, Tinca tinca'/,
  );
  const layers = ['body/conv_1', 'body/conv_2', 'head'].map((path) => ({ path, shape: [2, 2, 1] }));
  const description = { layers } as unknown as ModelDescription;
  t.regex(
    t.throws(() => findLayer(description, 'conv')).message,
    /nearest names are body\/conv_1, body\/conv_2\./,
  );
  t.regex(
    t.throws(() => findLayer(description, 'quux')).message,
    /no layer 'quux'\. 'whylens layers' lists all 3/,
  );
  t.regex(t.throws(() => colormapTable('quux')).message, /unknown colormap "quux"\. Allowed/);
  const expl = {} as never;
  t.regex(
    t.throws(() => formatAsImage(expl, { resamplingFilter: 'lanzcos' as never })).message,
    /got 'lanzcos'; did you mean 'lanczos'\?/,
  );
});

test('the command: flags of the command at hand, commands, choices, methods, formats', async (t) => {
  const cases: [readonly string[], RegExp][] = [
    [
      ['explain', '-m', 'm', '--alpha', '0.4'],
      /^whylens: unknown option '--alpha'\n\(Did you mean --alpha-limit\?\)/,
    ],
    [['explain', '-m', 'm', '--targets', 'dog'], /\(Did you mean --target\?\)/],
    [['predict', '-m', 'm', '--alpha', '0.4'], /^whylens: unknown option '--alpha'\n(?!\(Did)/],
    [['explian'], /^whylens: unknown command 'explian'\n\(Did you mean explain\?\)/],
    [['explode'], /^whylens: unknown command 'explode'\n(?!\(Did)/],
    [
      ['explain', '-m', 'm', '--preprocess', 'tocrh'],
      /Allowed choices are .*\n\(Did you mean torch\?\)/,
    ],
    [['methods', 'foo'], /^whylens: unknown method 'foo'\. Registered: grad-cam/],
    [
      ['explain', '-m', 'm', 'p.png', '--opt', 'target=dog'],
      /method 'grad-cam' has no option 'target'; did you mean --target\?/,
    ],
    [
      ['explain', '-m', 'm', 'p.png', '--as', 'text', '--format-opt', 'alphaLimit=1'],
      /formatter 'text' has no option 'alphaLimit'; did you mean --alpha-limit of 'image' \(--as image\)\?/,
    ],
    [
      ['explain', '-m', 'm', 'p.png', '-o', 'x.pgn'],
      /no formatter writes '\.pgn' files; did you mean \.png\?/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await whylens(args);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  }
});

test('names that nobody types, and lists without end, take no time', (t) => {
  t.deepEqual(nearestNames('x'.repeat(1e6), ['xx', 'x'.repeat(1e6)]), []);
  t.deepEqual(nearestNames('cat', ['c'.repeat(1e7), 'cats']), ['cats']);
  const many = Array.from({ length: 300_000 }, (_, i) => `label number ${i}`);
  t.is(nearestNames('lable number 7', many)[0], 'label number 7');
  t.true(nearestNames('y'.repeat(150), many).length === 0);
});
