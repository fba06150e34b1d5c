/** What a long list costs the process that holds the journal: time and memory to look at it, and to go on. */
import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { copies, subject, succeed, whylens, type Part } from './shared.js';

const MODEL = fileURLToPath(new URL('./spin-model.js', import.meta.url));
const TELL = new URL('./tell.js', import.meta.url).href;

export async function sizes({ folder, quick }: Part): Promise<void> {
  const pictures = await copies(folder, subject().picture, 1);
  const out = join(folder, 'out');
  const ask = ['-m', MODEL, '--method', 'occlusion', '--opt', 'patch=4', '-t', '0', '--quiet'];
  await succeed(whylens(['batch', ...ask, pictures, '-o', out, '-w', '1']));
  const file = (name: string) => join(out, name);
  const about = JSON.parse(await readFile(file('batch.json'), 'utf8')) as object;
  const document = JSON.parse(await readFile(file('documents.jsonl'), 'utf8')) as object;
  const entry = JSON.parse(await readFile(file('journal.jsonl'), 'utf8')) as object;
  console.log('\na batch that is done, as one folder: looked at, and gone on with');
  for (const count of quick ? [20_000] : [100_000, 1_000_000]) {
    await writeFile(file('batch.json'), JSON.stringify({ ...about, documents: count }));
    await many(file('documents.jsonl'), count, document);
    await many(file('journal.jsonl'), count, entry);
    for (const way of ['--status', '--resume']) {
      const start = performance.now();
      const running = whylens(['batch', way, out], { NODE_OPTIONS: `--import ${TELL}` });
      await succeed(running);
      const [, peak] = /peak (\d+)/.exec(running.stderr()) ?? [];
      console.log(
        `${String(count).padStart(9)} documents, ${way}: ${((performance.now() - start) / 1000).toFixed(1)} s, ${(Number(peak) / 1024).toFixed(0)} MB`,
      );
    }
  }
}

async function many(path: string, count: number, line: object): Promise<void> {
  const stream = createWriteStream(path);
  for (let index = 0; index < count; index++) {
    if (!stream.write(`${JSON.stringify({ ...line, index })}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}
