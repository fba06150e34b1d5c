import test from 'ava';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TEXT_OPTIONS } from '../../formatters/text.js';
import * as whylens from '../../src/index.js';
import * as plugin from '../../src/entry/plugin.js';
import * as images from '../../src/entry/images.js';
import * as maths from '../../src/maths/index.js';

const page = readFileSync('docs/formats.md', 'utf8');

test('every option of the text is there with its default', (t) => {
  for (const [name, spec] of Object.entries(TEXT_OPTIONS)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    t.truthy(row, name);
    t.true(row!.split('|')[3].includes(String(spec.default)), `${name}: ${String(spec.default)}`);
    if ('choices' in spec) for (const choice of spec.choices) t.true(row!.includes(choice), choice);
  }
  const sections = TEXT_OPTIONS.show.help.replace('parts to show: ', '').split(', ');
  for (const section of sections) t.true(page.includes(`\`${section}\``), section);
});

test('every function named there exists', (t) => {
  const exported: Record<string, unknown> = { ...whylens, ...plugin, ...images, ...maths };
  const blocks = [...page.matchAll(/```ts\n([^]*?)```/g)].map(([, text]) => text);
  const prose = page.replace(/```ts\n[^]*?```/g, '');
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);
  const code = [...blocks, ...inline].join('\n');
  const named = [...code.matchAll(/(?<![.\w])([a-z]\w*)\(/g)].map(([, name]) => name);
  const alone = [...page.matchAll(/`((?:formatAs|explanationFrom|with|merge|\w+Analyzer)\w*)`/g)];
  for (const name of [...named, ...alone.map(([, name]) => name)]) {
    if (name === 'formatAs') continue;
    t.is(typeof exported[name], 'function', name);
  }
  t.true(named.length > 8);
});

test('its links lead somewhere', (t) => {
  for (const [, target] of page.matchAll(/\]\(([^)#]+)\)/g)) {
    t.true(existsSync(join('docs', target)), target);
  }
});
