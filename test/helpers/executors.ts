export type { Executor } from '../../src/model/executors/executor.js';
export { referenceExecutor } from '../../src/model/executors/reference.js';
