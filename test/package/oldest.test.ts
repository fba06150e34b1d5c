/** The oldest Node that `engines` promises runs the whole of it: library, command, `require`, a JPEG. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { emptyFolder } from '../helpers/command.js';

const run = promisify(execFile);

test.serial('the oldest Node that is promised', async (t) => {
  const { engines } = JSON.parse(await readFile('package.json', 'utf8')) as {
    engines: { node: string };
  };
  const oldest = /^>=(\d+\.\d+)$/.exec(engines.node)?.[1];
  t.truthy(oldest, 'engines names a version that can be tested');
  const node = (...args: string[]) => ['-y', '-p', `node@${oldest}.0`, 'node', ...args];
  const { stdout: version } = await run('npx', node('--version'));
  t.is(version.trim(), `v${oldest}.0`);

  const folder = await emptyFolder(t);
  const entry = resolve('build/src/index.js');
  const photo = resolve('test/fixtures/photo-420.jpg');
  await writeFile(
    join(folder, 'main.mjs'),
    `import { loadImage } from ${JSON.stringify(pathToFileURL(entry).href)};
    const { width, mode } = await loadImage(${JSON.stringify(photo)});
    console.log(JSON.stringify({ width, mode }));`,
  );
  const { stdout } = await run('npx', node(join(folder, 'main.mjs')));
  const { width, mode } = JSON.parse(stdout) as { width: number; mode: string };
  t.true(width > 1);
  t.is(mode, 'RGB');

  await writeFile(
    join(folder, 'main.cjs'),
    `console.log(typeof require(${JSON.stringify(entry)}).explainPrediction);`,
  );
  t.is((await run('npx', node(join(folder, 'main.cjs')))).stdout.trim(), 'function');

  const out = join(folder, 'p.png');
  const command = [
    ...[resolve('build/src/cli/main.js'), 'explain', '-m', resolve('demo/model')],
    ...['-i', photo, '-o', out],
  ];
  const { stdout: said } = await run('npx', node(...command));
  t.true(said.includes(out));
});
