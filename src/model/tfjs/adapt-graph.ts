import type { AdaptOptions } from '../../container/plugin.js';
import type { ExplainableModel } from '../interface.js';
import { selectBackend } from './backend.js';
import { TfjsModel } from './engine.js';
import { graphProgram } from './graph.js';
import type { GraphModel } from './graph-model.js';
import type { Program } from './program.js';

/** Weights of graph models never change, and translating runs the graph once: kept with the model. */
const programs = new WeakMap<object, Map<string, Program>>();

export async function adaptGraphModel(
  model: unknown,
  options: AdaptOptions,
): Promise<ExplainableModel> {
  await selectBackend(options.backend);
  const graph = model as GraphModel;
  const made = programs.get(graph) ?? new Map<string, Program>();
  programs.set(graph, made);
  const key = String(options.inputShape);
  const program = made.get(key) ?? graphProgram(graph, 'graph model', options.inputShape);
  made.set(key, program);
  return new TfjsModel({ ...program, name: options.name ?? program.name });
}
