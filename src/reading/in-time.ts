/** An end for work that JavaScript itself cannot interrupt: a regular expression of a file from outside, above all. */

/** Milliseconds for one text. */
export const TEXT_TIME = 5000;

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
 * there is no Node, in a page, it takes as long as it takes: the browser offers to stop it.
 */
export function withinTime<T>(work: () => T, milliseconds: number, fail: () => Error): T {
  const vm = nodeVm();
  if (vm === undefined) return work();
  clock ??= { script: new vm.Script('work()'), context: vm.createContext({}) };
  const { script, context } = clock;
  const outer = context.work;
  context.work = work;
  try {
    return script.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw fail();
    throw error;
  } finally {
    context.work = outer;
  }
}
