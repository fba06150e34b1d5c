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
  t.deepEqual(await offered(t, script, 'completion', ''), ['bash', 'zsh', 'fish']);
  t.deepEqual(await offered(t, script, 'help', 'ev'), ['evaluate']);
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
    `complete -c whylens -n '__fish_seen_subcommand_from help' -f -a 'odd'`,
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

/** False, after telling so, where the shell is not installed. */
async function isHere(t: ExecutionContext, shell: string): Promise<boolean> {
  const found = await run(shell, ['-c', ':']).then(
    () => true,
    () => false,
  );
  if (!found) t.log(`NOT CHECKED: ${shell} is not installed on this machine`);
  t.pass();
  return found;
}

test('fish itself: what it offers for a line', async (t) => {
  if (!(await isHere(t, 'fish'))) return;
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'model.onnx'), '');
  await writeFile(join(folder, 'script'), (await whylensHere(['completion', 'fish'])).stdout);
  const offers = async (line: string) => {
    const code = `source script; or exit 9; complete -C ${JSON.stringify(line)}`;
    const { stdout, stderr } = await run('fish', ['--no-config', '-c', code], { cwd: folder });
    t.is(stderr, '');
    return stdout
      .trim()
      .split('\n')
      .map((offer) => offer.split('\t')[0]);
  };
  t.deepEqual((await offers('whylens ')).sort(), COMMANDS.map(({ name }) => name).sort());
  t.deepEqual(await offers('whylens explain --engi'), ['--engine']);
  t.deepEqual(await offers('whylens explain --score '), ['logit', 'output']);
  t.true((await offers('whylens explain --method grad-c')).includes('grad-cam'));
  t.deepEqual(await offers('whylens explain -m mod'), ['model.onnx']);
  t.deepEqual(await offers('whylens completion '), ['bash', 'fish', 'zsh']);
});

test('zsh itself: what it is told to offer', async (t) => {
  if (!(await isHere(t, 'zsh'))) return;
  const script = join(await emptyFolder(t), 'script');
  await writeFile(script, (await whylensHere(['completion', 'zsh'])).stdout);
  // the builtins of its completion speak to a terminal only
  const drive = [
    'compdef() { }; compadd() { shift; print -l -- "$@" }; _files() { print FILES }',
    '_describe() { print -l -- "${commands[@]%%:*}" }',
    'source "$1" || exit 9; shift; words=("$@"); CURRENT=$#; _whylens',
  ].join('\n');
  const offers = async (...words: string[]) => {
    const args = ['-f', '-c', drive, 'zsh', script, 'whylens', ...words];
    const { stdout, stderr } = await run('zsh', args);
    t.is(stderr, '');
    return stdout.trim().split('\n');
  };
  t.deepEqual(
    await offers(''),
    COMMANDS.map(({ name }) => name),
  );
  t.deepEqual(await offers('explain', '--score', ''), ['logit', 'output']);
  t.true((await offers('explain', '-')).includes('--engine'));
  t.deepEqual(await offers('explain', '-m', ''), ['FILES']);
  t.deepEqual(await offers('explain', ''), ['FILES']);
  t.deepEqual(await offers('completion', ''), ['bash', 'zsh', 'fish']);
});

test('a shell that has no script is an error', async (t) => {
  const { code, stderr } = await whylensHere(['completion', 'fisch']);
  t.is(code, 2);
  t.regex(stderr, /fish/);
});
