import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { explanationFromJson } from '../../../formatters/json.js';
import { registryOf } from '../../container/container.js';
import type { Formatter } from '../../container/plugin.js';
import { WhylensError } from '../../errors.js';
import type { Explanation } from '../../explanation.js';
import { readFileBounded } from '../../node/read-file.js';
import type { Fail } from '../../reading/fetch.js';
import { limitsOf } from '../../reading/limits.js';
import type { CommandContext } from '../commands.js';
import { addOutputOptions } from '../flags/explain.js';
import { addFormatOptions, formatOptions } from '../flags/format.js';
import { Messages, type Io } from '../io.js';
import { readStdin, STDIN } from '../stdin.js';
import { Outputs, STDOUT } from '../outputs.js';
import { pluginsOf, refuseInput } from '../protect.js';
import { checkStream, formatterOf, formattersFor, writeOutput } from '../rendering.js';
import { addPluginOption, addTalkOptions } from '../flags/shared.js';

const TEXT = 'text';

interface ShowFlags {
  readonly as?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly formatOpt?: readonly string[];
}

/** `whylens show expl.json [--as html] [--out page.html]`: needs nothing but the record. */
export async function define(command: Command, context: CommandContext): Promise<void> {
  const registry = registryOf(await context.container());
  command.argument('<file>', 'An explanation written by --as json, or - for standard input.');
  addOutputOptions(command).option(
    '--as <formatter>',
    `The form of the result. One of ${[...registry.formatters.keys()].join(', ')}, or a file ending. Default: by the ending of --out, else ${TEXT} on the terminal.`,
  );
  addPluginOption(command);
  addTalkOptions(command);
  const own = new Set(command.options.map((option) => option.attributeName()));
  addFormatOptions(command, registry);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (file: string, flags: ShowFlags) => {
    const out = flags.out;
    const wanted = formattersFor(registry, flags.as ?? (out === undefined ? TEXT : undefined), out);
    const messages = new Messages(context.io, flags, out === STDOUT);
    // wrong options are reported before a large file is read
    const early = formatOptions(wanted[0], registry, flags as Record<string, unknown>, own);
    if (out === STDOUT) checkStream(context.io, wanted[0], early, false);
    refuseInput(out, { files: [file, ...pluginsOf(flags)] });
    const explanation = explanationFromJson(await readStored(file, context.io));
    const formatter = formatterOf(wanted, explanation.kind);
    const options = formatOptions(formatter, registry, flags as Record<string, unknown>, own);
    if (formatter.id === TEXT && out === undefined) {
      const { textForTerminal } = await import('../show-text.js');
      const given = givenOptions(formatter, options, { ...flags });
      context.io.stdout.write(await textForTerminal(explanation, context.io.stdout, given));
      return;
    }
    const outputs = new Outputs({
      ...(out !== undefined && { out }),
      extension: extensionOf(formatter, flags.as),
      several: false,
      inputs: { files: [file, ...pluginsOf(flags)] },
      ...(flags.force !== undefined && { force: flags.force }),
    });
    const name = file === STDIN ? 'explanation' : basename(file, extname(file));
    const parts = partsOf(explanation, formatter, options);
    if (out === STDOUT) checkStream(context.io, formatter, options, parts.length > 1);
    outputs.look(
      name,
      explanation.method,
      parts.map((part) => part.name),
    );
    for (const part of parts) {
      const output = outputs.next(name, explanation.method, part.name);
      await writeOutput(context.io, output, formatter.format(explanation, part.options));
      if (output.path !== STDOUT) messages.note(output.path);
    }
    for (const warning of explanation.warnings) messages.complain(`${file}: ${warning}`);
  });
}

const EXAMPLES = `
Examples:
  $ whylens explain -m model.json cat.jpg -o cat.json
  $ whylens show cat.json
  $ whylens show cat.json --as html --out cat.html
  $ whylens show cat.json --out cat.png --colormap jet`;

async function readStored(file: string, io: Io): Promise<string> {
  if (file === STDIN) {
    return new TextDecoder().decode(await readStdin(io, 'a stored explanation'));
  }
  const limits = limitsOf('show', { signal: io.signal });
  const fail: Fail = (why, details) =>
    new WhylensError('FILE', `cannot read '${file}': ${why}`, details ?? {});
  return new TextDecoder().decode(await readFileBounded(file, { limits, fail, named: true }));
}

/** The flags that the user set, without the defaults, which would overrule the terminal. */
function givenOptions(
  formatter: Formatter,
  options: Readonly<Record<string, unknown>>,
  flags: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const pairs = ((flags.formatOpt as readonly string[] | undefined) ?? []).map(
    (pair) => pair.split('=')[0],
  );
  const names = Object.keys(formatter.options).filter(
    (name) => flags[name] !== undefined || pairs.includes(name),
  );
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}

/** `--as svg` names the kind of file, if the formatter writes several. */
function extensionOf({ extensions }: Formatter, as: string | undefined): string {
  return as !== undefined && extensions.includes(as) ? as : (extensions[0] ?? 'txt');
}

/** A formatter that shows one target at a time writes one file for each target. */
function partsOf(
  explanation: Explanation,
  formatter: Formatter,
  options: Readonly<Record<string, unknown>>,
): { name: string[]; options: Readonly<Record<string, unknown>> }[] {
  const single = Object.hasOwn(formatter.options, 'target') && options.target === undefined;
  if (!single || !('targets' in explanation) || explanation.kind === 'concepts') {
    return [{ name: [], options }];
  }
  if (explanation.targets.length < 2) return [{ name: [], options }];
  return explanation.targets.map(({ target, label }) => ({
    name: [label ?? String(target)],
    options: { ...options, target },
  }));
}
