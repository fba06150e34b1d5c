/**
 * What a user gets: the packed files, installed into an empty folder, used from
 * TypeScript and from the command. Slow, so only `npm run test:package` runs it.
 */
import { execFile } from 'node:child_process';
import { cp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { emptyFolder, writePicture } from '../helpers/command.js';

const run = promisify(execFile);
const MINUTES = 60_000;

/** A user's program, checked against the packed types. */
const PROGRAM = `
import { createContainer, explainPrediction, formatAsImage, isWhylensError, loadImage, saveImage, type Explanation, type ImageExplanation, type Picture } from 'whylens';
import { ContainerModule, injectable, TOKENS, type Formatter } from 'whylens/plugin';
import { gradCamMap } from 'whylens/maths';

@injectable()
class Shouting implements Formatter<string> {
  readonly id = 'shouting';
  readonly description = 'The method, loudly.';
  readonly kinds = ['image'] as const;
  readonly extensions = ['shout'];
  readonly options = {};
  format(explanation: Explanation): string {
    return explanation.method.toUpperCase();
  }
}

const brightness = ({ shape, data }: { shape: readonly number[]; data: Float32Array }): number[][] => {
  const size = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, n) => {
    const sample = data.subarray(n * size, (n + 1) * size);
    const half = (from: number) => sample.reduce((sum, v, i) => ((i % 18 < 9 ? 0 : 1) === from ? sum + v : sum), 0);
    return [half(0) / size, half(1) / size];
  });
};

const picture: Picture = await loadImage('left.png');
const container = createContainer(
  new ContainerModule(({ bind }) => {
    bind(TOKENS.Formatter).to(Shouting);
  }),
);
const expl = await explainPrediction(brightness, picture, {
  method: 'occlusion', inputShape: [4, 6, 3], targets: [0], container,
});
if (expl.kind !== 'image') throw new Error('kind ' + expl.kind);
const image: ImageExplanation = expl;
await saveImage(formatAsImage(image), 'left-map.png');
const map = gradCamMap(
  { shape: [1, 2, 2], data: Float32Array.of(1, 2, 3, 4) },
  { shape: [1, 2, 2], data: Float32Array.of(1, 0, 1, 0) },
);
// @ts-expect-error the record is typed: a picture has no field of this name
void image.image.nonsense;
let code = '';
try {
  await explainPrediction(brightness, picture, { method: 'no-such' as 'grad-cam' });
} catch (error) {
  if (isWhylensError(error)) code = error.code;
}
console.log(JSON.stringify({
  top: image.targets[0].heatmap.data.length, map: [...map.data], code,
}));
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    lib: ['es2023', 'dom'],
    types: [],
  },
  files: ['main.ts'],
};

test.serial('the packed package works in an empty folder', async (t) => {
  t.timeout(10 * MINUTES);
  const folder = await emptyFolder(t);
  // from the sources alone, as somebody packs who never built: prepack must build
  const sources = await emptyFolder(t);
  const left = new Set(['node_modules', 'build', 'out', '.git'].map((name) => resolve(name)));
  await cp('.', sources, { recursive: true, filter: (path) => !left.has(resolve(path)) });
  await symlink(resolve('node_modules'), join(sources, 'node_modules'));
  const packing = ['pack', '--json', '--silent', '--pack-destination', folder];
  const { stdout } = await run('npm', packing, { cwd: sources, maxBuffer: 1 << 26 });
  const [{ filename, files, size }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as {
    filename: string;
    size: number;
    files: { path: string }[];
  }[];
  const paths = files.map(({ path }) => path);
  t.log(`${paths.length} files, ${Math.round(size / 1024)} kB packed`);
  for (const needed of [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'build/src/index.js',
    'build/src/index.d.ts',
    'build/src/maths/index.d.ts',
    'build/src/cli/main.js',
    'build/command/main.js',
    'build/explainers/grad-cam.js',
    'build/formatters/image.js',
  ]) {
    t.true(paths.includes(needed), `${needed} is missing`);
  }
  const room =
    /^(?:LICENSE|README\.md|CHANGELOG\.md|package\.json|schema\/.*\.json|build\/(?:src|command|explainers|formatters)\/.*)$/;
  const waste = /\.map$|\.tsbuildinfo$|\.test\.|(?<!\.d)\.ts$/;
  t.deepEqual(
    paths.filter((path) => !room.test(path) || waste.test(path)),
    [],
  );

  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  const flags = ['--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, join(folder, filename)], { cwd: folder });

  await writeFile(join(folder, 'main.ts'), PROGRAM);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  await writePicture(join(folder, 'left.png'), (x) => x < 30);
  const compiler = resolve('node_modules/typescript/bin/tsc');
  const compiled = await run(process.execPath, [compiler, '-p', '.'], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  t.is(compiled.stdout, '', 'the packed types fit');
  const program = await run(process.execPath, ['main.js'], { cwd: folder });
  const result = JSON.parse(program.stdout) as { top: number; map: number[]; code: string };
  t.true(result.top > 1);
  t.deepEqual(result.map, [1, 3]);
  t.is(result.code, 'UNKNOWN_METHOD');
  t.true((await stat(join(folder, 'left-map.png'))).size > 100);

  const command = join(folder, 'node_modules', '.bin', 'whylens');
  const { stdout: version } = await run(command, ['--version'], { cwd: folder });
  const packed = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  t.is(version.trim(), packed.version);
  const model = resolve('demo/model/model.json');
  const args = ['explain', '-m', model, '-i', 'left.png', '-o', 'explained.png', '--force'];
  const explained = await run(command, args, { cwd: folder });
  t.regex(explained.stdout, /^explained\.png$/m);
  t.true((await stat(join(folder, 'explained.png'))).size > 100);
});
