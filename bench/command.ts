/** The command from its start to the written file. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openNetwork } from './network.js';
import { clock, sideBySide } from './measure.js';

/** Loaded before the command: tells the most memory that was resident, in KB, and the processor time of all its threads, in µs. */
const TELL =
  'data:text/javascript,process.on("exit",()=>{const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();process.stderr.write("peak "+maxRSS+" cpu "+(userCPUTime+systemCPUTime))})';
/** As users start it. */
const MAIN = fileURLToPath(new URL('../command/main.js', import.meta.url));

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
    for (const [name, more] of [
      ['wasm', ['--backend', 'wasm']],
      ['the default backend', []],
    ] as const) {
      const told = Array.from({ length: 3 }, () => {
        const { stderr } = spawnSync(
          process.execPath,
          ['--import', TELL, MAIN, ...explain, ...more],
          { encoding: 'utf8' },
        );
        const [, peak, cpu] = /peak (\d+) cpu (\d+)/.exec(stderr)!;
        return { peak: Number(peak) / 1024, cpu: Number(cpu) / 1000 };
      });
      const peak = Math.max(...told.map((one) => one.peak));
      const cpu = Math.min(...told.map((one) => one.cpu));
      console.log(
        `whylens explain on ${name}: peak memory ${peak.toFixed(0)} MB, processor time of all threads ${cpu.toFixed(0)} ms (which a busy machine adds little to)`,
      );
    }
    console.log(`node -e 0                                 ${clock(times.node)}`);
    console.log(`whylens --help                            ${clock(times.help)}`);
    console.log(
      `whylens explain, start to written file    ${clock(times.wasm)}  (goal 1000; ELI5 4250, pytorch-grad-cam 4030, captum 1940)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Medians of the clock: the command from its start to a written picture, over starting bare node. */
export async function startOverNode(
  modelFile: string,
  picture: Uint8Array,
  rounds: number,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'whylens-bench-'));
  const [input, out] = ['in.png', 'out.png'].map((name) => join(folder, name));
  const explain = ['explain', '-m', modelFile, '-i', input, '--preprocess', 'tf'];
  try {
    writeFileSync(input, picture);
    const { node, command } = await sideBySide(
      {
        node: () => spawnSync(process.execPath, ['-e', '0']),
        command: () => {
          const args = [MAIN, ...explain, '--out', out, '--force', '--quiet'];
          const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
          if (status !== 0) throw new Error(stderr);
        },
      },
      rounds,
    );
    return command.wall.median / node.wall.median;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
