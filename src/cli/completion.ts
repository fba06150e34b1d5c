/** Scripts with which shells complete the command, made from the flags that the commands declare. */
import type { Command, Option } from 'commander';
import { firstSentence } from './help.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Flag {
  readonly words: readonly string[];
  /** Its possible values; undefined for a flag without a value, empty if anything is possible, such as files. */
  readonly values?: readonly string[];
  readonly help: string;
}

interface Entry {
  readonly name: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  /** What its argument may be; empty for anything, files above all. */
  readonly words: readonly string[];
}

/** Only words without a special meaning in any shell. */
const PLAIN = /^[\w.:+-]+$/;

/** The script for `shell`; `names` are the values of flags that declare none, by the flag's name. */
export function completionScript(
  shell: Shell,
  commands: readonly Command[],
  names: Readonly<Record<string, readonly string[]>> = {},
): string {
  const entries = commands.map((command) => ({
    name: command.name(),
    help: command.summary(),
    flags: command.options
      .filter(({ hidden }) => !hidden)
      .map((option) => flagOf(option, names))
      .concat({ words: ['-h', '--help'], help: 'Show help' }),
    words: command.registeredArguments[0]?.argChoices ?? [],
  }));
  return { bash, zsh, fish }[shell](entries);
}

function flagOf(option: Option, names: Readonly<Record<string, readonly string[]>>): Flag {
  const values = option.argChoices ?? names[option.attributeName()] ?? [];
  return {
    words: [option.short, option.long].filter((word) => word !== undefined),
    values: option.required ? values.filter((value) => PLAIN.test(value)) : undefined,
    help: firstSentence(option.description).replace(/[.]$/, ''),
  };
}

function bash(entries: readonly Entry[]): string {
  return `# whylens completion for bash
_whylens() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    words='${namesOf(entries)} help'
  elif [[ $COMP_CWORD -eq 2 && $cur != -* ]]; then
    case "\${COMP_WORDS[1]}" in
${wordCases(entries, (words) => `words='${words}'`)}
    esac
  else
    case "\${COMP_WORDS[1]} $prev" in
${valueCases(entries, (values) => (values.length === 0 ? 'return' : `words='${values.join(' ')}'`))}
    *) [[ $cur == -* ]] && case "\${COMP_WORDS[1]}" in
${flagCases(entries, (words) => `words='${words.join(' ')}'`)}
      esac ;;
    esac
  fi
  [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _whylens whylens
`;
}

function zsh(entries: readonly Entry[]): string {
  const described = entries.map(({ name, help }) => `    ${quoted(`${name}:${help}`)}`).join('\n');
  return `#compdef whylens
_whylens() {
  local -a commands
  commands=(
${described}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if (( CURRENT == 3 )) && [[ $words[3] != -* ]]; then
    case "$words[2]" in
${wordCases(entries, (words) => `compadd -- ${words}; return`)}
    esac
  fi
  case "$words[2] $words[CURRENT-1]" in
${valueCases(entries, (values) => (values.length === 0 ? '_files; return' : `compadd -- ${values.join(' ')}; return`))}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    case "$words[2]" in
${flagCases(entries, (words) => `compadd -- ${words.join(' ')}`)}
    esac
  else
    _files
  fi
}
compdef _whylens whylens
`;
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ name, help, flags }) => [
    `complete -c whylens -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(help)}`,
    ...flags.map((flag) => {
      const words = flag.words.map((word) =>
        word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`,
      );
      const { values } = flag;
      const takes =
        values === undefined ? '' : values.length === 0 ? ' -r' : ` -x -a '${values.join(' ')}'`;
      return `complete -c whylens -n '__fish_seen_subcommand_from ${name}' ${words.join(' ')}${takes} -d ${fishQuoted(flag.help)}`;
    }),
  ]);
  const words = wordsOf(entries).map(
    ([name, list]) =>
      `complete -c whylens -n '__fish_seen_subcommand_from ${name}' -f -a '${list}'`,
  );
  return `# whylens completion for fish\n${[...lines, ...words].join('\n')}\n`;
}

function namesOf(entries: readonly Entry[]): string {
  return entries.map(({ name }) => name).join(' ');
}

/** Subcommands whose argument is one of some words. */
function wordsOf(entries: readonly Entry[]): (readonly [string, string])[] {
  const own = entries.filter(({ words }) => words.length > 0);
  return [
    ...own.map(({ name, words }) => [name, words.join(' ')] as const),
    ['help', namesOf(entries)] as const,
  ];
}

function wordCases(entries: readonly Entry[], then: (words: string) => string): string {
  return wordsOf(entries)
    .map(([name, words]) => `      ${name}) ${then(words)} ;;`)
    .join('\n');
}

/** Branches by subcommand and flag, for flags with a value. */
function valueCases(
  entries: readonly Entry[],
  then: (values: readonly string[]) => string,
): string {
  return entries
    .flatMap(({ name, flags }) =>
      flags.flatMap(({ words, values }) =>
        values === undefined
          ? []
          : [`    ${words.map((word) => `'${name} ${word}'`).join('|')}) ${then(values)} ;;`],
      ),
    )
    .join('\n');
}

/** Branches by subcommand, with all its flags. */
function flagCases(entries: readonly Entry[], then: (words: readonly string[]) => string): string {
  return entries
    .map(({ name, flags }) => `      ${name}) ${then([...flags.flatMap(({ words }) => words)])} ;;`)
    .join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
