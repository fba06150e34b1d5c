/** The first Ctrl-C ends the command, whatever the code of others does. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { emptyFolder, MAIN, writePicture } from '../helpers/command.js';
import { launch } from '../helpers/processes.js';

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs the command, interrupts it once as soon as it says 'ready', and waits; nothing of it outlives the test. */
async function interrupted(
  t: ExecutionContext,
  args: readonly string[],
  signal: NodeJS.Signals = 'SIGINT',
): Promise<Ended> {
  const running = launch(process.execPath, [MAIN, ...args], {
    env: { NO_COLOR: '1' },
    limit: 60_000,
  });
  t.teardown(() => running.kill());
  let told = false;
  running.child.stderr!.on('data', () => {
    if (told || !running.stderr().includes('ready')) return;
    told = true;
    running.child.kill(signal);
  });
  return { code: await running.ended, stderr: running.stderr() };
}

const READY = "process.stderr.write('ready');";
const SPIN = `${READY} for (;;);`;
async function files(
  t: ExecutionContext,
  code: string,
): Promise<{ module: string; args: string[] }> {
  const folder = await emptyFolder(t);
  const module = join(folder, 'code.mjs');
  await writeFile(module, code);
  return { module, args: ['-i', await writePicture(join(folder, 'a.png'), (x) => x < 30)] };
}

test('a model that spins', async (t) => {
  const { module, args } = await files(
    t,
    `export default () => { ${SPIN} };\nexport const inputShape = [4, 4, 3];`,
  );
  const { code, stderr } = await interrupted(t, ['predict', '-m', module, ...args]);
  t.is(code, 130);
  t.regex(stderr, /interrupted; something that was running did not answer/);
});

test('a model that spins after it has waited', async (t) => {
  const { module, args } = await files(
    t,
    `export default async () => { await new Promise((done) => setTimeout(done, 1)); ${SPIN} };\nexport const inputShape = [4, 4, 3];`,
  );
  t.is((await interrupted(t, ['predict', '-m', module, ...args])).code, 130);
});

test('a plugin that spins while it is imported', async (t) => {
  const { module } = await files(t, SPIN);
  t.is((await interrupted(t, ['methods', '--plugin', module])).code, 130);
});

test('a plugin whose import waits for ever hears the signal', async (t) => {
  const { module } = await files(
    t,
    `setInterval(() => {}, 1000); ${READY} await new Promise(() => {});`,
  );
  const { code, stderr } = await interrupted(t, ['methods', '--plugin', module]);
  t.is(code, 130);
  t.regex(stderr, /loading plugin .* was aborted/);
});

test('a model that answers nothing and leaves the loop free says so itself', async (t) => {
  const { module, args } = await files(
    t,
    `export default () => { setInterval(() => {}, 1000); ${READY} return new Promise(() => {}); };\nexport const inputShape = [4, 4, 3];`,
  );
  const { code, stderr } = await interrupted(t, ['predict', '-m', module, ...args]);
  t.is(code, 130);
  t.notRegex(stderr, /did not answer/);
});

test('other signals reach it too', async (t) => {
  const { module } = await files(t, SPIN);
  t.is((await interrupted(t, ['methods', '--plugin', module], 'SIGTERM')).code, 128 + 15);
});

test('a signal that ends services ends a model that spins after it has been loaded', async (t) => {
  const { module, args } = await files(
    t,
    `export default () => { ${SPIN} };\nexport const inputShape = [4, 4, 3];`,
  );
  const { code, stderr } = await interrupted(t, ['predict', '-m', module, ...args], 'SIGTERM');
  t.is(code, 128 + 15);
  t.regex(stderr, /did not answer/);
});
