/** One record of a model as a whole: to the terminal as text, or to a file. */
import type { Registry } from '../container/registry.js';
import type { Explanation } from '../explanation.js';
import { validateOptions } from '../options.js';
import type { Io, Messages } from './io.js';
import { Outputs, STDOUT } from './outputs.js';
import { formatterOf, formattersFor, writeOutput } from './rendering.js';

export async function writeRecord(
  record: Explanation,
  { as, out, force }: { readonly as?: string; readonly out?: string; readonly force?: boolean },
  registry: Registry,
  messages: Messages,
  io: Io,
): Promise<void> {
  const formatters = formattersFor(registry, as ?? (out === undefined ? 'text' : undefined), out);
  const formatter = formatterOf(formatters, record.kind);
  const result = formatter.format(
    record,
    validateOptions(`formatter '${formatter.id}'`, formatter.options, {}),
  );
  for (const warning of record.warnings) messages.complain(warning);
  if (out === undefined && typeof result === 'string') {
    messages.print(result.trimEnd());
    return;
  }
  const outputs = new Outputs({
    out,
    extension: formatter.extensions[0] ?? 'txt',
    several: false,
    force,
    endingNeeded: formatter.extensions.includes('png'),
    inputs: { files: [], models: [] },
  });
  const output = outputs.next('weights', record.method, []);
  await writeOutput(io, output, result);
  if (output.path !== STDOUT) messages.note(output.path);
}
