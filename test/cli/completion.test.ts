import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Command, Option } from 'commander';
import { completionScript } from '../../src/cli/completion.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { emptyFolder, whylensHere } from '../helpers/command.js';

const run = promisify(execFile);

/** What bash offers for the last word. */
async function offered(t: ExecutionContext, script: string, ...words: string[]): Promise<string[]> {
  const file = join(await emptyFolder(t), 'completion');
  await writeFile(file, script);
  await run('bash', ['-n', file]);
  const drive =
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _whylens; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout } = await run('bash', ['-c', drive, 'bash', file, 'whylens', ...words]);
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash: subcommands, flags, and what a flag may be', async (t) => {
  const { code, stdout: script, stderr } = await whylensHere(['completion', 'bash']);
  t.is(code, 0, stderr);
  t.deepEqual(
    (await offered(t, script, '')).sort(),
    [...COMMANDS.map(({ name }) => name), 'help'].sort(),
  );
  t.deepEqual(await offered(t, script, 'ev'), ['evaluate']);
  t.deepEqual(await offered(t, script, 'explain', '--engi'), ['--engine']);
  t.deepEqual(await offered(t, script, 'methods', '--engi'), []);
  t.deepEqual(await offered(t, script, 'explain', '--score', ''), ['logit', 'output']);
  t.true((await offered(t, script, 'explain', '--method', 'grad-c')).includes('grad-cam'));
  t.true((await offered(t, script, 'explain', '-m', 'x', '--no-')).includes('--no-config'));
  // files, which bash itself completes
  t.deepEqual(await offered(t, script, 'explain', '-m', ''), []);
  t.deepEqual(await offered(t, script, 'explain', 'p'), []);
});

const odd = new Command('odd')
  .summary("It's odd.")
  .addOption(
    new Option('-k, --kind <kind>', "One of the cat's. More.").choices(['a', 'b', "c'$(x)"]),
  )
  .addOption(new Option('--secret').hideHelp())
  .option('--on', 'A switch.')
  .option('--file <path>', 'A file.');

test('fish: a line for each flag, quotes kept', (t) => {
  const lines = completionScript('fish', [odd]).split('\n');
  t.deepEqual(lines.slice(1, -1), [
    String.raw`complete -c whylens -n __fish_use_subcommand -f -a odd -d 'It\'s odd.'`,
    String.raw`complete -c whylens -n '__fish_seen_subcommand_from odd' -s k -l kind -x -a 'a b' -d 'One of the cat\'s'`,
    `complete -c whylens -n '__fish_seen_subcommand_from odd' -l on -d 'A switch'`,
    `complete -c whylens -n '__fish_seen_subcommand_from odd' -l file -r -d 'A file'`,
    `complete -c whylens -n '__fish_seen_subcommand_from odd' -s h -l help -d 'Show help'`,
  ]);
});

test('zsh: the same words', async (t) => {
  const script = completionScript('zsh', [odd]);
  t.true(script.startsWith('#compdef whylens\n'));
  t.true(script.includes(String.raw`'odd:It'\''s odd.'`));
  t.true(script.includes(`'odd -k'|'odd --kind') compadd -- a b; return ;;`));
  t.true(script.includes('odd) compadd -- -k --kind --on --file -h --help ;;'));
  t.false(script.includes('secret'));
  t.is((await whylensHere(['completion', 'zsh'])).code, 0);
});

test('a shell that there is no script for', async (t) => {
  const { code, stderr } = await whylensHere(['completion', 'fisch']);
  t.is(code, 2);
  t.regex(stderr, /fish/);
});
