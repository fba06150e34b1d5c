/** The samples of the documentation compile and run, page by page, in the order in which they are read. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import ts from 'typescript';
import * as whylens from '../../src/index.js';
import { emptyFolder, whylens as command } from '../helpers/command.js';

const run = promisify(execFile);
/** The four lines that other pages go on from. */
const START = 'README.md';
/** Not installed here: what the sample needs of it. */
const SHIMS: Readonly<Record<string, string>> = {
  tslab: 'const display = { raw: (_mime: string, _data: string | Uint8Array): void => {} };',
};

interface Sample {
  readonly code: string;
  /** Compiled but not run here: it needs a page. */
  readonly browser: boolean;
}

const pages = [
  START,
  ...(await readdir('docs', { recursive: true }))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const samples = new Map<string, readonly Sample[]>();
const commands = new Map<string, readonly string[]>();
for (const page of pages) {
  const text = await readFile(page, 'utf8');
  const blocks = [...text.matchAll(/^```(ts|sh)(.*)\n([^]*?)^```$/gm)];
  samples.set(
    page,
    blocks
      .filter(([, language]) => language === 'ts')
      .map(([, , info, code]) => ({ code, browser: info.includes('browser') })),
  );
  commands.set(
    page,
    blocks
      .filter(([, language]) => language === 'sh')
      .flatMap(([, , , code]) => code.split('\n').filter((line) => line.startsWith('whylens '))),
  );
}

/** Programs lie where they find the package by its name. */
const folder = resolve('build/samples');
const programs = new Map<string, string>();

/** As a user in this repository, on the backend that is always there. */
const quiet = (): Record<string, string> => ({
  ...(process.env as Record<string, string>),
  NO_COLOR: '1',
  WHYLENS_BACKEND: 'wasm',
});

test.before(async () => {
  await mkdir('build', { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const [page, blocks] of samples) {
    if (blocks.length === 0) continue;
    const name = page.replaceAll(/[^a-z]+/gi, '-');
    const start = page === START ? [] : [samples.get(START)![0]];
    const path = join(folder, `${name}.mts`);
    await writeFile(path, program([...start, ...blocks]));
    programs.set(page, path);
  }
});

test.after.always(() => rm(folder, { recursive: true, force: true }));

test.serial(
  'they compile, with what they import and no more than the package exports',
  async (t) => {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: ['node'],
      strict: true,
      skipLibCheck: true,
    };
    const compiled = ts.createProgram([...programs.values()], options);
    compiled.emit();
    const problems = ts
      .getPreEmitDiagnostics(compiled)
      .map(
        ({ file, messageText, start }) =>
          `${file?.fileName.split('/').at(-1) ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')} at ${file?.text.slice(start, (start ?? 0) + 40) ?? ''}`,
      );
    t.deepEqual(problems, []);
    t.true(programs.size > 4);
  },
);

for (const [page, blocks] of samples) {
  if (blocks.every(({ browser }) => browser)) continue;
  test.serial(`${page}: they run`, async (t) => {
    const path = programs.get(page)!;
    const compiled = path.replace(/[.]mts$/, '.mjs');
    if (!existsSync(compiled)) return t.fail('not compiled');
    const cwd = await emptyFolder(t);
    await symlink(resolve('demo'), join(cwd, 'demo'));
    const { stderr } = await run(process.execPath, [compiled], { cwd, env: quiet() });
    t.is(stderr, '');
  });
}

for (const [page, lines] of commands) {
  if (lines.length === 0) continue;
  test.serial(`${page}: the commands do what they are shown to do`, async (t) => {
    const cwd = await emptyFolder(t);
    await symlink(resolve('demo'), join(cwd, 'demo'));
    for (const line of lines) {
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, text, word]) => text ?? word);
      const { code, stderr } = await command(words.slice(1), { cwd, env: quiet() });
      t.is(code, 0, `${line}\n${stderr}`);
      const out = words[words.indexOf('-o') + 1];
      if (words.includes('-o')) t.true(existsSync(join(cwd, out)), line);
    }
  });
}

/** Samples of a page as one program: imports once and first, what runs in a page behind a condition. */
function program(blocks: readonly Sample[]): string {
  const imported = new Set<string>();
  const shims = new Set<string>();
  const others = new Set<string>();
  const bodies = blocks.map(({ code, browser }) => {
    const body = code.replace(/^import ([^]*?) from '([^']+)';$/gm, (line, _, from: string) => {
      if (from in SHIMS) shims.add(SHIMS[from]);
      else if (from === 'whylens') imported.add(line);
      else others.add(line);
      return '';
    });
    return browser ? `if ('document' in globalThis) {\n${body}\n}` : body;
  });
  const text = bodies.join('\n');
  const used = Object.keys(whylens).filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const types = [...imported].flatMap(typesOf);
  return [
    `import { ${used.join(', ')} } from 'whylens';`,
    types.length === 0 ? '' : `import type { ${[...new Set(types)].join(', ')} } from 'whylens';`,
    ...others,
    ...shims,
    text,
    'export {};',
  ].join('\n');
}

/** Names that a sample imports and that are not values: the compiler says if they do not exist. */
function typesOf(line: string): string[] {
  return [...(/\{([^}]*)\}/.exec(line)?.[1] ?? '').split(',')]
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '' && !(name in whylens));
}
