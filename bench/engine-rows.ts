/** What is timed of every engine, and on which networks: the table of Node and that of a page. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mobileNet, resNet18, smallViT } from './made-networks.js';

export const NETWORKS = ['MobileNet 0.25', 'MobileNet 1.0', 'ResNet-18', 'small ViT'] as const;
export type NetworkName = (typeof NETWORKS)[number];

/** What a row is; the goals are MobileNet's; captum 0.9 as measured in the same unit on two machines. */
export interface Row {
  readonly method: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly goals: readonly [number, number];
  readonly captum?: string;
  /** Runs the network hundreds of times. */
  readonly long?: boolean;
}

export const ROWS: Readonly<Record<string, Row>> = {
  'grad-cam, array in, map out': { method: 'grad-cam', goals: [1.3, 1.1], captum: '7.6, 4.9' },
  saliency: { method: 'saliency', goals: [4.5, 3], captum: '13.5, 9.9' },
  'integrated-gradients, 50 steps': {
    method: 'integrated-gradients',
    options: { steps: 50 },
    goals: [145, 146],
    captum: '423, 242',
    long: true,
  },
  'smooth, 25 of saliency': {
    method: 'smooth',
    options: { of: 'saliency', n: 25 },
    goals: [92, 84],
    captum: '222, 136',
    long: true,
  },
  'occlusion, 225 places': {
    method: 'occlusion',
    options: { patch: 28, stride: 14 },
    goals: [177, 200],
    captum: '832, 507',
    long: true,
  },
  'score-cam': {
    method: 'score-cam',
    goals: [186, 900],
    captum: 'pytorch-grad-cam 952 / 2503',
    long: true,
  },
  'ablation-cam, last layer': { method: 'ablation-cam', goals: [1.5, 1.2] },
  'full-grad': { method: 'full-grad', goals: [8.5, 4.6] },
};

/** What a cell says, by row and network. */
export type Cells = Map<string, Partial<Record<NetworkName, string>>>;

/** The network as an ONNX file; undefined where its file is not here. */
export function networkBytes(name: NetworkName): Uint8Array | undefined {
  const made = { 'MobileNet 1.0': mobileNet, 'ResNet-18': resNet18, 'small ViT': smallViT };
  if (name !== 'MobileNet 0.25') return made[name]();
  const shared = process.env.WHYLENS_SHARED ?? resolve('..', 'shared');
  const file = join(shared, 'models', 'mobilenet_v1_0.25_224.onnx');
  if (existsSync(file)) return new Uint8Array(readFileSync(file));
  console.log(`${name}: not at ${file} (set WHYLENS_SHARED)`);
  return undefined;
}

/** The goal of a row for a network, where there is one. */
export function goalOf(row: string, name: NetworkName): number | undefined {
  const place = name === 'MobileNet 0.25' ? 0 : name === 'MobileNet 1.0' ? 1 : undefined;
  return place === undefined ? undefined : ROWS[row]?.goals[place];
}

export function judged(value: number, goal?: number): string {
  return `${Number(value.toPrecision(3))}${goal !== undefined && value > goal ? ' (missed)' : ''}`;
}

/** As Markdown, ready for the documentation. */
export function printTable(cells: Cells, others: Readonly<Record<string, number>> = {}): void {
  console.log(`\n| | ${NETWORKS.join(' | ')} | goal | captum, MobileNet 0.25 |`);
  console.log(`|---|${NETWORKS.map(() => '---|').join('')}---|---|`);
  for (const [row, cell] of cells) {
    const { goals, captum = '' } = ROWS[row] ?? { goals: row in others ? [others[row]] : [] };
    const columns = NETWORKS.map((name) => cell[name] ?? '');
    console.log(`| ${[row, ...columns, goals.join(' / '), captum].join(' | ')} |`);
  }
}
