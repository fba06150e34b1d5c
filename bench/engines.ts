/** Every method over one forward pass of the same network in plain ONNX Runtime, the two in turn. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  explainBatch,
  explainPrediction,
  formatAsImage,
  loadImage,
  loadModel,
  type LoadedModel,
} from '../src/index.js';
import { encodePng } from '../src/images/png.js';
import { seededRandom } from '../src/maths/random.js';
import { importOnnxRuntimeNode } from '../src/model/executors/onnxruntime/node.js';
import { startOverNode } from './command.js';
import {
  goalOf,
  judged,
  networkBytes,
  NETWORKS,
  printTable,
  ROWS,
  type Cells,
  type NetworkName,
} from './engine-rows.js';
import { sideBySide, type Timing } from './measure.js';

const TARGET = 282;
/** Forward passes in one turn of the unit: a single one is too short to be timed. */
const UNIT = 10;
/** Of short works, before they are timed and in one turn: as they run in a long process, compiled by the engine of JavaScript. */
const WARM = 40;
const TURN = 5;
const WHOLES = {
  'ten targets over one, grad-cam': 1.5,
  '32 in a batch over 32 singles': 0.7,
  'JPEG 640×480 to PNG in memory, ms beyond grad-cam': 12,
  'the command to a written PNG over bare node': 6,
} as const;

/** How it is measured: with one thread by processor time, which a busy machine hardly changes, with several by the clock. */
interface How {
  readonly quick: boolean;
  /** Threads of one operation, on both sides. */
  readonly threads: number;
}

export async function run(how: How): Promise<void> {
  console.log(
    `threads of one operation, on both sides: ${how.threads}; ratios of ${how.threads === 1 ? 'processor time' : 'the clock'}`,
  );
  const found = await importOnnxRuntimeNode();
  if (!('runtime' in found)) {
    console.log(`not here: ${found.problem}`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'whylens-bench-'));
  const cells: Cells = new Map();
  try {
    for (const name of NETWORKS) {
      const file = fileOf(name, folder);
      if (file === undefined) continue;
      await timeNetwork(name, file, found.runtime, how, cells);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  printTable(cells, WHOLES);
}

function fileOf(name: NetworkName, folder: string): string | undefined {
  const bytes = networkBytes(name);
  if (bytes === undefined) return undefined;
  const file = join(folder, `${name.replace(' ', '-')}.onnx`);
  writeFileSync(file, bytes);
  return file;
}

type Runtime = Extract<Awaited<ReturnType<typeof importOnnxRuntimeNode>>, { runtime: unknown }>;

async function timeNetwork(
  name: NetworkName,
  file: string,
  { InferenceSession, Tensor }: Runtime['runtime'],
  how: How,
  cells: Cells,
): Promise<void> {
  const { quick, threads } = how;
  const session = await InferenceSession.create(new Uint8Array(readFileSync(file)), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  const [metadata] = session.inputMetadata;
  const shape = (metadata as { shape: readonly (number | string)[] }).shape.map((size, axis) =>
    axis === 0 ? 1 : Number(size),
  );
  const random = seededRandom(3);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () =>
    Math.tanh(random.normal()),
  );
  const feeds = { [session.inputNames[0]]: new Tensor('float32', data, shape) };
  const unit = async () => {
    for (let i = 0; i < UNIT; i++) await session.run(feeds);
  };
  const model = await loadModel(file, {
    engine: 'onnxruntime',
    threads,
    preprocess: 'tf',
  });
  const x = { shape, data };
  const first = name === 'MobileNet 0.25';
  const spent = spentBy(how);
  const say = (row: string, cell: string) => {
    cells.set(row, { ...cells.get(row), [name]: cell });
    console.log(`${name.padEnd(15)} ${row.padEnd(50)} ${cell}`);
  };
  for (const [row, { method, options, long = false }] of Object.entries(ROWS)) {
    const goal = goalOf(row, name);
    const one = () => explainPrediction(model, x, { method, targets: TARGET, ...options });
    const turn = long ? 1 : TURN;
    const work = async () => {
      for (let i = 0; i < turn; i++) await one();
    };
    const rounds = long ? (quick ? 1 : 3) : quick ? 7 : 15;
    const settled = async () => {
      for (let i = 0; i < (long ? 0 : WARM); i++) await one();
      return sideBySide({ unit, work }, rounds);
    };
    await settled().then(
      (times) => {
        say(row, judged(((UNIT / turn) * spent(times.work)) / spent(times.unit), goal));
      },
      (error: Error) => {
        say(row, `fails: ${error.message.split('\n')[0]}`);
      },
    );
  }
  await timeWholes(model, x, how, (row, value) => {
    say(row, judged(value, WHOLES[row]));
  });
  if (first) {
    const row = 'the command to a written PNG over bare node';
    const png = await jpegOf(480, 640, 'png');
    say(row, judged(await startOverNode(file, png, quick ? 3 : 7), WHOLES[row]));
  }
  model.dispose();
  await session.release();
}

/** From file to file, and several at once, over one. */
async function timeWholes(
  model: LoadedModel,
  x: { readonly shape: number[]; readonly data: Float32Array },
  how: How,
  say: (row: keyof typeof WHOLES, value: number) => void,
): Promise<void> {
  const { quick } = how;
  const spent = spentBy(how);
  const tenTargets = Array.from({ length: 10 }, (_, i) => i);
  const one = () => explainPrediction(model, x, { targets: TARGET });
  const jpeg = await jpegOf(480, 640, 'jpeg');
  const whole = async () => {
    const picture = await loadImage(jpeg);
    return encodePng(formatAsImage(await explainPrediction(model, picture)));
  };
  for (let i = 0; i < WARM; i++) await whole();
  const times = await sideBySide(
    {
      one,
      whole,
      ten: () => explainPrediction(model, x, { targets: tenTargets }),
    },
    quick ? 7 : 15,
  );
  say('ten targets over one, grad-cam', spent(times.ten) / spent(times.one));
  const docs = Array.from({ length: 32 }, () => x);
  const { batch, singles } = await sideBySide(
    {
      batch: () => explainBatch(model, docs, { targets: TARGET, together: 32 }),
      singles: async () => {
        for (let i = 0; i < docs.length; i++) await one();
      },
    },
    quick ? 3 : 7,
  );
  say('32 in a batch over 32 singles', spent(batch) / spent(singles));
  say('JPEG 640×480 to PNG in memory, ms beyond grad-cam', spent(times.whole) - spent(times.one));
}

const spentBy =
  ({ threads }: How) =>
  ({ cpu, wall }: Timing): number =>
    (threads === 1 ? cpu : wall).median;

/** Waves of colour with a little noise: neither the easiest nor the hardest to compress. */
async function jpegOf(height: number, width: number, kind: 'jpeg' | 'png'): Promise<Uint8Array> {
  const random = seededRandom(5);
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [c, column, row] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 127 + 90 * Math.sin(column / 40 + c) * Math.cos(row / 30) + 8 * random.normal();
  });
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(kind)
    .toBuffer();
}
