import test from 'ava';
import { colorLevel, graphicsOf, terminalOptions } from '../../src/cli/terminal.js';
import { inlinePicture } from '../../src/cli/inline-picture.js';
import { textForTerminal } from '../../src/cli/show-text.js';
import { formatAsText, TEXT_OPTIONS } from '../../formatters/text.js';
import { decodePng } from '../../src/images/png.js';
import { featureWeightsRecord, imageRecord } from '../helpers/records.js';

// a multiplexer wraps every sequence
delete process.env.TMUX;

type Stdout = Parameters<typeof colorLevel>[0];
const terminal = (columns?: number): Stdout =>
  ({ isTTY: true, ...(columns !== undefined && { columns }) }) as Stdout;
const pipe = { isTTY: false } as Stdout;

test('the colour level is the terminal’s; NO_COLOR and pipes have none', (t) => {
  const xterm = { TERM: 'xterm-256color' };
  t.is(colorLevel(terminal(), xterm), '256');
  t.is(colorLevel(terminal(), { TERM: 'xterm', COLORTERM: 'truecolor' }), 'truecolor');
  t.is(colorLevel(terminal(), { TERM: 'xterm' }), '16');
  t.is(colorLevel(terminal(), { TERM: 'dumb' }), 'none');
  t.is(colorLevel(terminal(), { ...xterm, NO_COLOR: '1' }), 'none');
  t.is(colorLevel(terminal(), { ...xterm, NO_COLOR: '' }), '256');
  t.is(colorLevel(pipe, xterm), 'none');
  t.is(colorLevel(pipe, { ...xterm, FORCE_COLOR: '3' }), 'truecolor');
  t.is(colorLevel(pipe, { ...xterm, FORCE_COLOR: '3', NO_COLOR: '1' }), 'none');
});

test('the width is the terminal’s, within what the formatter takes', (t) => {
  const width = (columns?: number) => terminalOptions(terminal(columns), TEXT_OPTIONS, {}).width;
  t.is(width(100), 100);
  t.is(width(3), 24);
  t.is(width(), 80);
  t.is(width(0), 80);
  t.deepEqual(terminalOptions(terminal(100), {}, {}), {});
});

test('pictures: named, never through a pipe or with NO_COLOR', async (t) => {
  const env = { TERM: 'xterm', WHYLENS_GRAPHICS: 'sixel' };
  t.is(await graphicsOf(terminal(), env), 'sixel');
  t.is(await graphicsOf(terminal(), { ...env, WHYLENS_GRAPHICS: 'none' }), undefined);
  t.is(await graphicsOf(terminal(), { ...env, NO_COLOR: '1' }), undefined);
  t.is(await graphicsOf(pipe, env), undefined);
  t.is(await graphicsOf(terminal(), { TERM: 'tmux-256color' }), undefined);
});

test.serial('pictures: kitty, iTerm2 and VS Code say what they are', async (t) => {
  const names = [
    'KITTY_WINDOW_ID',
    'TERM_PROGRAM',
    'TERM_PROGRAM_VERSION',
    'LC_TERMINAL',
    'TERM',
    'TMUX',
  ];
  const kept = new Map(names.map((name) => [name, process.env[name]]));
  const detect = async (env: Record<string, string>) => {
    for (const name of names) delete process.env[name];
    Object.assign(process.env, env);
    try {
      return await graphicsOf(terminal(), env);
    } finally {
      for (const [name, value] of kept) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  };
  t.is(await detect({ KITTY_WINDOW_ID: '1' }), 'kitty');
  t.is(await detect({ KITTY_WINDOW_ID: '1', TMUX: 'x' }), undefined);
  t.is(await detect({ TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.4.0' }), 'iterm2');
  t.is(await detect({ TERM: 'mlterm' }), 'sixel');
  t.is(await detect({ TERM: 'xterm' }), undefined);
});

test('kitty: the PNG in pieces, the last one marked', async (t) => {
  const noise = Uint8ClampedArray.from({ length: 64 * 48 * 3 }, (_, i) => (i * i * 31) % 251);
  const picture = { width: 64, height: 48, mode: 'RGB' as const, data: noise };
  const sequence = await inlinePicture(picture, 'kitty', 30);
  const pieces = [...sequence.matchAll(/\u001b_G([^;]*);([^\u001b]*)\u001b\\/g)];
  t.is(pieces.map(([whole]) => whole).join(''), sequence);
  t.true(pieces.length > 1);
  t.regex(pieces[0][1], /^a=T,f=100,q=2,c=30,m=1$/);
  t.deepEqual([...new Set(pieces.slice(1, -1).map(([, control]) => control))].join(), 'q=2,m=1');
  t.is(pieces.at(-1)![1], 'q=2,m=0');
  t.true(pieces.every(([, , data]) => data.length <= 4096));
  const png = Buffer.from(pieces.map(([, , data]) => data).join(''), 'base64');
  t.deepEqual(decodePng(png), picture);
});

test('iTerm2: the PNG at its width', async (t) => {
  const sequence = await inlinePicture(imageRecord.image, 'iterm2', 30);
  const [, width, data] = /^\u001b\]1337;File=[^:]*width=(\d+)[^:]*:([^\u0007]*)\u0007$/.exec(
    sequence,
  )!;
  t.is(width, '30');
  t.deepEqual(decodePng(Buffer.from(data, 'base64')), imageRecord.image);
});

test('sixel: raster attributes say the size', async (t) => {
  const sequence = await inlinePicture(imageRecord.image, 'sixel', 20);
  t.true(sequence.startsWith('\u001bP'));
  t.true(sequence.endsWith('\u001b\\'));
  t.regex(sequence, /"1;1;160;120/);
});

test('with a picture nothing is drawn with characters, each target has its own', async (t) => {
  const env = { TERM: 'xterm-256color', COLORTERM: 'truecolor', WHYLENS_GRAPHICS: 'kitty' };
  const text = await textForTerminal(imageRecord, terminal(70), {}, env);
  t.is(text.split('\u001b_Ga=T').length - 1, 2);
  t.false(text.includes('▀'));
  t.true(text.indexOf('bull mastiff') < text.indexOf('\u001b_G'));
  t.true(text.indexOf('tiger cat') > text.indexOf('\u001b_G'));
});

test('without one it is what the text formatter makes', async (t) => {
  const env = { TERM: 'xterm-256color', COLORTERM: 'truecolor' };
  const plain = { TERM: 'xterm', WHYLENS_GRAPHICS: 'kitty' };
  const color = { color: 'truecolor', width: 70 } as const;
  t.is(
    await textForTerminal(imageRecord, terminal(70), {}, { ...env, WHYLENS_GRAPHICS: 'none' }),
    formatAsText(imageRecord, color),
  );
  t.is(await textForTerminal(imageRecord, pipe, {}, env), formatAsText(imageRecord));
  t.is(
    await textForTerminal(imageRecord, terminal(70), { color: 'none' }, plain),
    formatAsText(imageRecord, { width: 70 }),
  );
  t.is(
    await textForTerminal(imageRecord, terminal(70), { show: 'map' }, plain),
    formatAsText(imageRecord, { color: '16', width: 70, show: 'map' }),
  );
  t.is(
    await textForTerminal(featureWeightsRecord, terminal(70), {}, { ...env, ...plain }),
    formatAsText(featureWeightsRecord, { color: 'truecolor', width: 70 }),
  );
});
