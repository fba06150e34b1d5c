/** An end for work that JavaScript itself cannot interrupt: a regular expression of a file from outside, above all. */

/** Milliseconds for one text of `length`: a second, and one for each quarter of a million characters. */
export const textTime = (length: number): number => 1000 + Math.ceil(length / 250);

/** How many times as long a busy machine may take. */
const BUSY = 5;

const nodeVm = () =>
  typeof process === 'object' ? process.getBuiltinModule?.('node:vm') : undefined;
type Vm = NonNullable<ReturnType<typeof nodeVm>>;

interface Clock {
  readonly script: InstanceType<Vm['Script']>;
  readonly context: { work?: () => unknown };
}
let clock: Clock | undefined;

/**
 * What `work` gives; throws what `fail` makes if it takes longer than `milliseconds`. Where
 * the machine was busy with something else meanwhile, `work` is begun once more, with five
 * times as long: it must be one that can be. Where there is no Node, in a page, it takes as
 * long as it takes: the browser offers to stop it.
 */
export function withinTime<T>(work: () => T, milliseconds: number, fail: () => Error): T {
  const vm = nodeVm();
  if (vm === undefined) return work();
  clock ??= { script: new vm.Script('work()'), context: vm.createContext({}) };
  const { script, context } = clock;
  const outer = context.work;
  const run = (timeout: number, late: () => T): T => {
    context.work = work;
    try {
      return script.runInContext(context, { timeout }) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      return late();
    } finally {
      context.work = outer;
    }
  };
  const stop = (): never => {
    throw fail();
  };
  const before = processorTime();
  return run(milliseconds, () =>
    processorTime() - before < 0.8 * milliseconds ? run(BUSY * milliseconds, stop) : stop(),
  );
}

/** Milliseconds that this thread has had of a processor; the whole process in older versions of Node. */
function processorTime(): number {
  const { user, system } = (process as Threads).threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

interface Threads {
  /** From Node 23.9 on. */
  threadCpuUsage?: () => NodeJS.CpuUsage;
}
