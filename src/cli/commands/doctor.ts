import type { Command } from 'commander';
import { coresHere } from '../../model/executors/cores.js';
import { surveyEngines, type EngineReport } from '../../model/executors/survey.js';
import { cleanJson } from '../clean.js';
import type { CommandContext } from '../commands.js';
import { more, positiveNumber } from '../flags/shared.js';
import { EXIT, Messages } from '../io.js';
import { table } from '../table.js';
import { version } from '../version.js';

interface DoctorFlags {
  readonly json?: boolean;
  readonly threads?: number;
}

/** Environment variables that choose the engine. */
const VARIABLES = ['WHYLENS_ENGINE', 'WHYLENS_BACKEND', 'WHYLENS_MODEL', 'WHYLENS_LABELS'];

/** `whylens doctor`: which engines load here, which do not, and what to do about it. */
export function define(command: Command, context: CommandContext): void {
  command
    .option('--json', 'Print JSON, for programs.')
    .addOption(
      more('--threads <number>', 'Threads to try ONNX Runtime with. Default: the cores.').argParser(
        positiveNumber,
      ),
    );
  command.action(async (flags: DoctorFlags) => {
    const out = new Messages(context.io);
    const engines = await surveyEngines(flags.threads);
    const surroundings = {
      whylens: version(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cores: coresHere(),
      variables: Object.fromEntries(
        VARIABLES.flatMap((name) => {
          const value = process.env[name];
          return value === undefined || value === '' ? [] : [[name, value]];
        }),
      ),
    };
    if (flags.json === true) out.print(cleanJson({ ...surroundings, engines }));
    else out.print(page(surroundings, engines));
    if (!engines.some(({ runs }) => runs)) context.exitWith(EXIT.backend);
  });
}

interface Surroundings {
  readonly whylens: string;
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly variables: Readonly<Record<string, string>>;
}

function page(about: Surroundings, engines: readonly EngineReport[]): string {
  const { whylens, node, platform, cores, variables } = about;
  const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const rows = engines.map(({ engine, backend, runs, version: of, threads }) => [
    nameOf({ engine, backend }),
    runs ? 'runs' : 'does not run',
    of ?? '',
    threads === undefined ? '' : String(threads),
  ]);
  const problems = engines.flatMap((report) =>
    report.problem === undefined ? [] : [`${nameOf(report)}: ${report.problem}`],
  );
  const first = engines.find(({ runs }) => runs);
  return [
    `whylens ${whylens}, Node ${node}, ${platform}, ${cores} cores`,
    ...(set.length === 0 ? [] : [`set: ${set.join(', ')}`]),
    '',
    table(['engine', '', 'version', 'threads'], rows, [3]),
    '',
    ...problems,
    ...(problems.length === 0 ? [] : ['']),
    first === undefined
      ? 'nothing can run a model here'
      : `'auto' takes ${nameOf(first)} where it has all that a model is made of`,
  ].join('\n');
}

function nameOf({ engine, backend }: Pick<EngineReport, 'engine' | 'backend'>): string {
  return backend === undefined ? engine : `${engine}, ${backend}`;
}
