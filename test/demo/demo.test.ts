import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { ROOT } from '../../demo/files.js';
import { loadImage } from '../../src/index.js';

test('the demo writes pictures and a summary, and prints their paths', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'whylens-demo-'));
  try {
    const run = promisify(execFile);
    const { stdout } = await run('node', [join(ROOT, 'build/demo/demo.js')], { cwd: folder });
    const paths = stdout.match(/out\/\S+\.(png|txt)/g) ?? [];
    t.is(paths.length, 3 * 2 + 2, stdout);
    for (const path of paths.filter((name) => name.endsWith('.png'))) {
      const { width, height } = await loadImage(join(folder, path));
      t.true(width >= 384 && height >= 384, path);
    }
    t.is(stdout.match(/whose peak lies on the/g)?.length, 6, stdout);
    for (const name of ['row', 'text']) {
      const page = await readFile(join(folder, `out/${name}.html`), 'utf8');
      t.true(
        stdout.includes(`out/${name}.html`) && page.includes(name === 'row' ? 'months' : 'slow'),
      );
      t.true((await loadImage(join(folder, `out/${name}.png`))).width > 300);
    }
    const summary = await readFile(join(folder, 'out/summary.txt'), 'utf8');
    for (const name of ['elephant', 'sailing boat', 'banana', 'dog', 'guitar', 'cat']) {
      t.true(summary.includes(name), name);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
