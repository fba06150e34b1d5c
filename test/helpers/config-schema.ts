/** The schema of `whylens.config.json`, made from the flags that the commands declare. */
import type { Option } from 'commander';
import { declaredCommands, optionsByName } from '../../src/cli/config/all-options.js';
import { shapeOf, type Shape } from '../../src/cli/config/value.js';
import { createContainer } from '../../src/container/container.js';

const TEXT_OR_NUMBER = { type: ['string', 'number'] };
const SHAPES: Readonly<Record<Shape, object>> = {
  switch: { type: 'boolean' },
  boolean: { type: 'boolean' },
  single: TEXT_OR_NUMBER,
  list: { anyOf: [TEXT_OR_NUMBER, { type: 'array', items: TEXT_OR_NUMBER }] },
  pairs: {
    anyOf: [
      { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
      { type: 'string' },
      { type: 'array', items: { type: 'string' } },
    ],
  },
};

export async function configSchema(): Promise<object> {
  const container = createContainer();
  const sink = process.stdout;
  const commands = await declaredCommands({
    io: { stdout: sink, stderr: sink, signal: new AbortController().signal },
    declared: () => Promise.resolve([]),
    addLongHelp: () => undefined,
    exitWith: () => undefined,
    container: () => Promise.resolve(container),
  });
  const names = [...optionsByName(commands)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'whylens.config.json',
    description: 'Flags of the whylens command that need not be typed again in a project.',
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      ...Object.fromEntries(names.map(([name, options]) => [name, propertyOf(options)])),
    },
    additionalProperties: false,
  };
}

/** What any of the commands takes that have the flag. */
function propertyOf(options: readonly Option[]): object {
  const shapes = new Map(options.map((option) => [JSON.stringify(valueSchema(option)), option]));
  const [first, ...others] = [...shapes.values()].map(valueSchema);
  const { description } = options[0];
  return others.length === 0
    ? { description, ...first }
    : { description, anyOf: [first, ...others] };
}

function valueSchema(option: Option): object {
  const shape = shapeOf(option);
  return shape === 'single' && option.argChoices !== undefined
    ? { enum: option.argChoices }
    : SHAPES[shape];
}
