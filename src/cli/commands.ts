/** The list of commands: one line each; a command's module is imported only when it is the one asked for. */
import type { Command } from 'commander';
import type { Container } from 'inversify';
import type { Io } from './io.js';

export interface CommandContext {
  readonly io: Io;
  /** The container with the plugins of the command line, made on first use. */
  container(): Promise<Container>;
  /** All commands with their flags, none of them run. */
  declared(): Promise<Command[]>;
  /** Text below the options, for `--help` and not for `-h`. */
  addLongHelp(command: Command, text: string): void;
  /** The exit code of a command that ended without an error. */
  exitWith(code: number): void;
}

export interface CommandModule {
  /** Adds arguments, options and the action. */
  define(command: Command, context: CommandContext): void | Promise<void>;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'explain',
    summary: 'Show which pixels, words or features made the model say what it said.',
    load: () => import('./commands/explain.js'),
  },
  {
    name: 'predict',
    summary: 'Predict the top classes of pictures, with probabilities.',
    load: () => import('./commands/predict.js'),
  },
  {
    name: 'compare',
    summary: 'Show methods, layers, models, targets or scores side by side in one grid.',
    load: () => import('./commands/compare.js'),
  },
  {
    name: 'evaluate',
    summary: 'Measure how good explanations are: deletion, ROAD, pointing game and others.',
    load: () => import('./commands/evaluate.js'),
  },
  {
    name: 'batch',
    summary: 'Explain a whole folder, archive or table; it can go on after a crash.',
    load: () => import('./commands/batch.js'),
  },
  {
    name: 'worker',
    summary: 'Explain documents of batches that others put into a queue.',
    load: () => import('./commands/worker.js'),
  },
  {
    name: 'serve',
    summary: 'Answer over HTTP: predictions and explanations for other programs.',
    load: () => import('./commands/serve.js'),
  },
  {
    name: 'gallery',
    summary: 'Make one page of thumbnails over the results of a batch.',
    load: () => import('./commands/gallery.js'),
  },
  {
    name: 'weights',
    summary: 'Show a model of rows or texts as a whole: coefficients, importances, its tree.',
    load: () => import('./commands/weights.js'),
  },
  {
    name: 'importance',
    summary: 'Measure what a model of rows relies on: permutation importance on a table.',
    load: () => import('./commands/importance.js'),
  },
  {
    name: 'layers',
    summary: 'List the layers of a model, the default one marked.',
    load: () => import('./commands/layers.js'),
  },
  {
    name: 'show',
    summary: 'Render an explanation stored as JSON, without the model.',
    load: () => import('./commands/show.js'),
  },
  {
    name: 'doctor',
    summary: 'Say which engines load here, and what to do for those that do not.',
    load: () => import('./commands/doctor.js'),
  },
  {
    name: 'methods',
    summary: 'List the methods: what they do, need and cost.',
    load: () => import('./commands/methods.js'),
  },
  {
    name: 'completion',
    summary: 'Print a script by which bash, zsh or fish completes the command.',
    load: () => import('./commands/completion.js'),
  },
];
