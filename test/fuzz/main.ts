/**
 * `npm run fuzz -- [--trials 200] [--kinds pictures,onnx] [--seed 1] [--shared [part of a path]]`:
 * hostile input of every kind. Trials run in a child; one that hangs, crashes, grows or ends
 * in an error without a code is printed with its seed. The exit code is 1 then.
 *
 * `--shared` damages each stored model of the shared folder (`WHYLENS_SHARED`) instead, as often:
 * what takes more than a second of processor time or 200 MB is printed as well.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasSeed, sharedKinds } from './kinds.js';

/** Milliseconds for one trial, also on a busy machine. */
const DEADLINE = 30_000;
/** Bytes that a child may hold after a trial. */
const MOST = 1.5 * 2 ** 30;
const KINDS =
  'pictures layers graph onnx keras h5 xgboost-json xgboost-ubj lightgbm sklearn-linear sklearn-trees transformer labels records targets tables archives batches configs questions commands'.split(
    ' ',
  );

/** What one damaged model may take beyond what it takes as it is. */
const MOST_SECONDS = 1;
const MOST_GROWN = 200 * 2 ** 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shared: { type: 'boolean', default: false },
    trials: { type: 'string', default: '200' },
    kinds: { type: 'string', default: KINDS.join() },
    seed: { type: 'string', default: '1' },
  },
});

interface Answer {
  readonly problem?: string;
  readonly rss: number;
  readonly grown: number;
  /** Seconds of processor time beyond those of the file as it is. */
  readonly beyond: number;
}
const start = (): Promise<ChildProcess> =>
  new Promise((done) => {
    const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), {
      execArgv: ['--max-old-space-size=1024'],
      env: { ...process.env, WHYLENS_BACKEND: 'wasm' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('message', () => done(child));
  });

/** What is wrong with a trial that ended well. */
function costly({ rss, grown, beyond }: Answer): string | undefined {
  if (rss > MOST) return `holds ${rss} bytes`;
  if (!values.shared) return undefined;
  if (grown > MOST_GROWN) return `took ${Math.round(grown / 2 ** 20)} MB`;
  return beyond > MOST_SECONDS
    ? `took ${beyond.toFixed(1)} s more than the file itself`
    : undefined;
}

function once(child: ChildProcess, kind: string, seed: number): Promise<Answer | string> {
  return new Promise((done) => {
    const timer = setTimeout(() => end(`gave no answer for ${DEADLINE / 1000} s`), DEADLINE);
    const gone = (code: number | null, signal: string | null): void =>
      end(`ended the process (${signal ?? code})`);
    const end = (how: Answer | string): void => {
      clearTimeout(timer);
      child.off('exit', gone);
      child.off('message', end);
      done(how);
    };
    child.once('exit', gone);
    child.once('message', end);
    child.send({ kind, seed });
  });
}

let found = 0;
const began = performance.now();
const stored = values.shared
  ? sharedKinds().filter((kind) => positionals.every((part) => kind.includes(part)))
  : [];
for (const kind of values.shared ? stored : values.kinds.split(',')) {
  if (!values.shared && !KINDS.includes(kind))
    throw new Error(`no kind '${kind}', there are ${KINDS.join(', ')}`);
  if (!values.shared && !hasSeed(kind)) {
    process.stdout.write(`${kind}: NOT TRIED, its file is not on this machine (WHYLENS_SHARED)\n`);
    continue;
  }
  let child = await start();
  let problems = 0;
  for (let trial = 0; trial < Number(values.trials); trial++) {
    const seed = Number(values.seed) * 1_000_000 + trial;
    const answer = await once(child, kind, seed);
    const problem = typeof answer === 'string' ? answer : (answer.problem ?? costly(answer));
    if (problem === undefined) continue;
    problems++;
    process.stdout.write(`${kind} ${seed}: ${problem.split('\n').slice(0, 4).join('\n  ')}\n`);
    if (typeof answer === 'string' || answer.rss > MOST) {
      child.kill('SIGKILL');
      child = await start();
    }
  }
  child.kill('SIGKILL');
  process.stdout.write(`${kind}: ${values.trials} trials, ${problems} problems\n`);
  found += problems;
}
process.stdout.write(`${found} problems in ${Math.round((performance.now() - began) / 1000)} s\n`);
process.exit(found === 0 ? 0 : 1);
