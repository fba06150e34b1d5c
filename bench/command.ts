/** The command from its start to the written file. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openNetwork } from './network.js';
import { clock, sideBySide } from './measure.js';

/** Loaded before the command: tells the most memory that was resident, in KB. */
const TELL_MEMORY =
  'data:text/javascript,process.on("exit",()=>process.stderr.write("peak "+process.resourceUsage().maxRSS))';
const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'whylens-bench-'));
  const { modelFile, labelsFile, pictureFile, target, model } = await openNetwork('wasm');
  model.dispose();
  const call = (args: readonly string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  try {
    const out = join(folder, 'out.png');
    const explain = [
      'explain',
      '--model',
      modelFile,
      '--image',
      pictureFile,
      '--labels',
      labelsFile,
      '--preprocess',
      'tf',
      '--target',
      String(target),
      '--out',
      out,
      '--force',
      '--quiet',
    ];
    const times = await sideBySide(
      {
        node: () => spawnSync(process.execPath, ['-e', '0']),
        help: () => call(['--help']),
        wasm: () => call([...explain, '--backend', 'wasm']),
      },
      7,
    );
    const memory = spawnSync(process.execPath, ['--import', TELL_MEMORY, MAIN, ...explain], {
      encoding: 'utf8',
    });
    const peak = Number(/peak (\d+)/.exec(memory.stderr)?.[1]) / 1024;
    console.log(`peak memory of the command                ${peak.toFixed(0)} MB`);
    console.log(`node -e 0                                 ${clock(times.node)}`);
    console.log(`whylens --help                            ${clock(times.help)}`);
    console.log(
      `whylens explain, start to written file    ${clock(times.wasm)}  (goal 1000; ELI5 4250, pytorch-grad-cam 4030, captum 1940)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
