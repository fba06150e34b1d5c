/** `npm run bench [part…] [quick] [threads=N]`: every figure of the project's speed, as ratios of this one run. */
import { HOW_MEASURED } from './measure.js';

const PARTS: Readonly<
  Record<string, () => Promise<{ run(how: { quick: boolean; threads: number }): Promise<void> }>>
> = {
  engines: () => import('./engines.js'),
  browser: () => import('./browser.js'),
  'grad-cam': () => import('./grad-cam.js'),
  methods: () => import('./methods.js'),
  memory: () => import('./memory.js'),
  format: () => import('./format.js'),
  rows: () => import('./rows.js'),
  command: () => import('./command.js'),
  fleet: () => import('./fleet.js'),
  serve: () => import('./serve.js'),
  gallery: () => import('./gallery.js'),
};

const words = process.argv.slice(2);
/** Fewer repeats, where a part has many. */
const quick = words.includes('quick');
/** Of one operation, in the parts that look at it. */
const threads = Number(/^threads=([1-9]\d*)$/m.exec(words.join('\n'))?.[1] ?? 1);
const wanted = words.filter((word) => word !== 'quick' && !word.startsWith('threads='));
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`unknown part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
console.log(HOW_MEASURED);
for (const [name, load] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  await (await load()).run({ quick, threads });
}
