import { ContainerModule } from 'inversify';
import type { ModelAdapter } from '../container/plugin.js';
import { TOKENS } from '../container/tokens.js';
import { FunctionAdapter } from './function.js';
import { SessionAdapter } from './session-adapter.js';
import { TfjsGraphAdapter } from './tfjs/graph-adapter.js';
import { TfjsLayersAdapter } from './tfjs/layers-adapter.js';
import { TransformersAdapter } from './transformers-adapter.js';

/** The registration list: one line for each adapter, asked in this order. */
const ADAPTERS: (new () => ModelAdapter)[] = [
  TfjsLayersAdapter,
  TfjsGraphAdapter,
  SessionAdapter,
  TransformersAdapter,
  FunctionAdapter,
];

export const builtInAdapters = new ContainerModule(({ bind }) => {
  for (const adapter of ADAPTERS) bind(TOKENS.ModelAdapter).to(adapter).inSingletonScope();
});
