import { join } from 'node:path';
import test from 'ava';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';

const FAKE = ['-m', MODULES.fakeModel, '--plugin', MODULES.adapter];

test('--opt of a wrapper takes the options of the method it wraps', async (t) => {
  const folder = await emptyFolder(t);
  await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const run = (...opts: string[]) =>
    whylensHere([
      ...['explain', ...FAKE, '-i', join(folder, 'a.png'), '--as', 'json', '-o', '-', '-q'],
      ...['--method', 'smooth', ...opts.flatMap((opt) => ['--opt', opt])],
    ]);
  const record = async (...opts: string[]) => {
    const { code, stdout, stderr } = await run(...opts);
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as { parameters: Record<string, unknown> };
  };
  const { parameters } = await record('of=integrated-gradients', 'steps=3', 'n=2', 'baseline=0.5');
  t.like(parameters, { of: 'integrated-gradients', steps: 3, n: 2, baseline: 0.5, sigma: 0.15 });
  const wrong = await run('of=saliency', 'steps=3');
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /has no option 'steps'/);
});
