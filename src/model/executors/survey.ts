/** Which engines run here: each is started and computes something. */
import { BACKENDS } from '../tfjs/backend.js';
import { input, relu } from '../graph/build.js';
import { startEngine } from './choose.js';
import { ENGINES, type Engine } from '../engines.js';
import type { EngineFacts } from './executor.js';

/** One engine, or one backend of TensorFlow.js. */
export interface EngineReport extends EngineFacts {
  readonly engine: Engine;
  readonly runs: boolean;
  /** Why not, and what to do. */
  readonly problem?: string;
}

/** All engines in the order in which they are preferred, TensorFlow.js once for each backend. */
export async function surveyEngines(threads?: number): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const engine of ENGINES) {
    if (engine !== 'tfjs') reports.push(await report(engine, threads));
    else for (const backend of BACKENDS) reports.push(await report(engine, threads, backend));
  }
  return reports;
}

async function report(
  engine: Engine,
  threads: number | undefined,
  backend?: string,
): Promise<EngineReport> {
  const about = { engine, ...(backend === undefined ? {} : { backend }) };
  try {
    const executor = await startEngine(engine, { threads, backend });
    try {
      const x = input('x', [2]);
      const compiled = await executor.compile([relu(x)]);
      const [y] = await compiled.run(
        new Map([[x, { shape: [1, 2], data: Float32Array.of(-1, 2) }]]),
      );
      if (y.data[0] !== 0 || y.data[1] !== 2) throw new Error('it computes something wrong');
      return { ...about, runs: true, ...executor.facts };
    } finally {
      executor.release();
    }
  } catch (error) {
    return { ...about, runs: false, problem: (error as Error).message.split('\n')[0] };
  }
}
