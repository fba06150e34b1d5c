/** Runs the command as a user does: a process of its own, in a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { run } from '../../src/cli/run.js';
import { encodePng } from '../../src/images/png.js';
import { launch } from './processes.js';

/** The command's script. */
export const MAIN = resolve('build/src/cli/main.js');

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function whylens(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** What is piped in. */
    readonly stdin?: Uint8Array | string;
  } = {},
): Promise<CommandResult> {
  const running = launch(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: { NO_COLOR: '1', ...options.env },
    stdin: options.stdin ?? '',
  });
  const code = (await running.ended) ?? -1;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** An empty folder that is gone after the test. */
export async function emptyFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'whylens-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The same without a process: for the many cases that need no folder of their own. */
export async function whylensHere(
  args: readonly string[],
  { isTTY = false, signal = new AbortController().signal } = {},
): Promise<CommandResult> {
  const stdout = new Sink(isTTY);
  const stderr = new Sink(isTTY);
  const code = await run(args, { stdout, stderr, signal });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

class Sink extends Writable {
  readonly columns = 100;
  private readonly chunks: Buffer[] = [];

  constructor(readonly isTTY: boolean) {
    super();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/** A picture file, bright where `bright` says so. */
export async function writePicture(
  path: string,
  bright: (x: number, y: number) => boolean,
  [width, height] = [60, 40],
): Promise<string> {
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[at++] = bright(x, y) ? 220 : 30 + 20 * c;
    }
  }
  await writeFile(path, encodePng({ width, height, mode: 'RGB', data }));
  return path;
}

/** Modules for `--plugin` and `--model`, as they are compiled. */
export const MODULES = {
  explainer: resolve('build/examples/custom-explainer.js'),
  formatter: resolve('build/test/plugins/custom-formatter.js'),
  adapter: resolve('build/test/plugins/custom-adapter.js'),
  fakeModel: resolve('build/test/plugins/fake-model.js'),
  sidesModel: resolve('build/test/plugins/sides-model.js'),
};
