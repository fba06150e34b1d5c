/** Peak memory of the long methods at four times their default samples, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { explainPrediction } from '../src/index.js';
import { peakMemory } from './measure.js';
import { openNetwork } from './network.js';

const CASES: Readonly<Record<string, readonly [object, object]>> = {
  'score-cam': [{ topChannels: 64 }, { topChannels: 256 }],
  smooth: [
    { of: 'saliency', n: 25 },
    { of: 'saliency', n: 100 },
  ],
  'integrated-gradients': [{ steps: 50 }, { steps: 200 }],
  rise: [{ masks: 250 }, { masks: 1000 }],
};

export async function run(): Promise<void> {
  for (const [method, options] of Object.entries(CASES)) {
    const [few, many] = options.map((option) => measured(method, option));
    const ratio = many / few;
    console.log(
      `${method.padEnd(24)} ${few.toFixed(0)} MB → ${many.toFixed(0)} MB at 4 × the samples: ${ratio.toFixed(2)}${ratio < 1.1 ? '' : '  NOT FLAT'}`,
    );
  }
}

function measured(method: string, options: object): number {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), method, JSON.stringify(options)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return Number(stdout.trim().split('\n').at(-1));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , method, options] = process.argv;
  const { model, picture, target } = await openNetwork('wasm');
  await explainPrediction(model, picture, {
    method,
    targets: target,
    ...(JSON.parse(options) as object),
  });
  console.log(peakMemory());
}
