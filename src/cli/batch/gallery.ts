/** One static page of thumbnails over the results of a batch. */
import { hashOf } from '../../../formatters/html/page.js';
import type { TableLine } from './tables.js';

const PICTURES = /[.](png|jpe?g|webp|avif|gif|svg)$/i;

/** One document on the page. */
interface Tile {
  /** Name of the document. */
  readonly n: string;
  /** Path of the picture below the folder, or none. */
  readonly p?: string;
  /** What a click opens, if it is not a picture. */
  readonly o?: string;
  readonly l: string;
  readonly s: number | null;
  readonly q: number | null;
  /** Error, in words. */
  readonly e?: string;
}

/** The page, made of lines of the table; it requests nothing but the pictures beside it. */
export async function galleryPage(title: string, lines: AsyncIterable<TableLine>): Promise<string> {
  const tiles: Tile[] = [];
  let last: TableLine | undefined;
  for await (const line of lines) {
    const rank = last?.index === line.index ? rankOf(tiles, line, last) : 0;
    const pictures = line.outputs.filter((name) => PICTURES.test(name));
    const picture = pictures[Math.min(rank, pictures.length - 1)];
    const other = line.outputs.find((name) => /[.]html?$/i.test(name)) ?? line.outputs[0];
    tiles.push({
      n: line.document,
      ...(picture !== undefined && { p: picture }),
      ...(other !== undefined && other !== picture && { o: other }),
      l: (line.label ?? line.target ?? '').split(',')[0],
      s: line.score ?? null,
      q: line.probability ?? null,
      ...(line.error !== null && { e: `${line.error}: ${line.message ?? ''}` }),
    });
    last = line;
  }
  // no text of a document may end the element that holds the data
  const data = JSON.stringify(tiles).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const policy = [
    "default-src 'none'",
    "img-src 'self' file:",
    `style-src ${hashOf(CSS)}`,
    `script-src ${hashOf(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="whylens">
<title>${escape(title)}</title>
<style>${CSS}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<form>
<label>Class <select id="label"><option value="">all</option></select></label>
<label>Show <select id="state"><option value="">all</option><option value="done">explained</option><option value="failed">failed</option></select></label>
<label>Sort by <select id="sort"><option value="order">order</option><option value="name">name</option><option value="score">score</option><option value="probability">probability</option><option value="error">error</option></select></label>
<label><input id="down" type="checkbox"> descending</label>
<label>Find <input id="find" type="search" placeholder="part of a name"></label>
<output id="count"></output>
</form>
</header>
<main id="grid"></main>
<noscript>This page sorts and filters with a script; without one it shows nothing. The results are in results.jsonl.</noscript>
<script type="application/json" id="data">${data}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Which target of a document a line is about, if every target has a picture of its own. */
function rankOf(tiles: readonly Tile[], line: TableLine, before: TableLine): number {
  let rank = 0;
  for (let i = tiles.length - 1; i >= 0 && tiles[i].n === before.document; i--) rank++;
  return before.index === line.index ? rank : 0;
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const CSS = `
:root { color-scheme: light dark; --tile: 176px; --line: 236px; --edge: #8884; }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.4 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 1; padding: 8px 16px; background: Canvas; border-bottom: 1px solid var(--edge); }
h1 { font-size: 18px; margin: 0 0 4px; overflow-wrap: anywhere; }
form { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; }
select, input { font: inherit; max-width: 14em; }
output { margin-left: auto; opacity: .75; }
main { position: relative; margin: 12px 16px; }
.tile { position: absolute; width: var(--tile); height: calc(var(--line) - 12px); padding: 6px; border: 1px solid var(--edge); border-radius: 6px; color: inherit; text-decoration: none; overflow: hidden; }
.tile:hover, .tile:focus-visible { border-color: currentColor; }
.tile img { display: block; width: 100%; height: 160px; object-fit: contain; background: #8882; }
.tile .none { display: grid; place-items: center; height: 160px; padding: 6px; background: #8882; font-size: 12px; overflow-wrap: anywhere; overflow: hidden; }
.tile b, .tile small { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.tile.failed .none { color: #c00; }
@media (prefers-color-scheme: dark) { .tile.failed .none { color: #f88; } }
`;

/** Only the tiles that can be seen are in the page, however many there are in all. */
const SCRIPT = `
'use strict';
const all = JSON.parse(document.getElementById('data').textContent);
all.forEach((tile, i) => { tile.i = i; });
const by = (id) => document.getElementById(id);
const grid = by('grid');
const TILE = 188, LINE = 236;
const counts = new Map();
for (const { l } of all) if (l) counts.set(l, (counts.get(l) || 0) + 1);
for (const [label, count] of [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))) {
  by('label').append(new Option(label + ' (' + count + ')', label));
}
let shown = all;
const known = (a, b, sign) => (a === null) - (b === null) || sign * (a - b);
const words = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
function choose() {
  const label = by('label').value, state = by('state').value, part = by('find').value.toLowerCase();
  const sign = by('down').checked ? -1 : 1;
  const orders = {
    order: (a, b) => sign * (a.i - b.i),
    name: (a, b) => sign * words(a.n, b.n),
    score: (a, b) => known(a.s, b.s, sign),
    probability: (a, b) => known(a.q, b.q, sign),
    error: (a, b) => (a.e === undefined) - (b.e === undefined) || sign * words(a.e || '', b.e || ''),
  };
  const order = orders[by('sort').value];
  shown = all.filter((t) => (!label || t.l === label)
    && (!state || (state === 'failed') === (t.e !== undefined))
    && (!part || t.n.toLowerCase().includes(part)));
  shown.sort((a, b) => order(a, b) || a.i - b.i);
  by('count').textContent = shown.length + ' of ' + all.length;
  grid.replaceChildren();
  drawn.clear();
  draw();
}
const drawn = new Map();
function draw() {
  const columns = Math.max(1, Math.floor((grid.clientWidth + 12) / TILE));
  grid.style.height = Math.ceil(shown.length / columns) * LINE + 'px';
  const top = window.scrollY - grid.offsetTop;
  const first = Math.max(0, Math.floor(top / LINE) - 2) * columns;
  const last = Math.min(shown.length, (Math.ceil((top + window.innerHeight) / LINE) + 2) * columns);
  for (const [at, element] of drawn) {
    if (at < first || at >= last) { element.remove(); drawn.delete(at); }
  }
  for (let at = first; at < last; at++) {
    const element = drawn.get(at) || make(shown[at]);
    element.style.left = (at % columns) * TILE + 'px';
    element.style.top = Math.floor(at / columns) * LINE + 'px';
    if (!drawn.has(at)) { drawn.set(at, element); grid.append(element); }
  }
}
function make(tile) {
  const target = tile.o || tile.p;
  const box = document.createElement(target ? 'a' : 'div');
  box.className = tile.e === undefined ? 'tile' : 'tile failed';
  box.title = tile.n + (tile.e ? '\\n' + tile.e : '');
  if (target) box.href = path(target);
  if (tile.p) {
    const picture = document.createElement('img');
    picture.alt = tile.l ? tile.l + ', ' + tile.n : tile.n;
    picture.src = path(tile.p);
    box.append(picture);
  } else {
    const none = document.createElement('div');
    none.className = 'none';
    none.textContent = tile.e || tile.n;
    box.append(none);
  }
  const name = document.createElement('b');
  name.textContent = tile.l + (tile.q === null ? tile.s === null ? '' : ' ' + Number(tile.s.toPrecision(3)) : ', ' + Math.round(tile.q * 100) + ' %') || '–';
  const file = document.createElement('small');
  file.textContent = tile.n;
  box.append(name, file);
  return box;
}
const path = (name) => './' + name.split('/').map(encodeURIComponent).join('/');
let waiting = false;
const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; draw(); }); } };
addEventListener('scroll', soon, { passive: true });
addEventListener('resize', soon);
for (const id of ['label', 'state', 'sort', 'down', 'find']) by(id).addEventListener('input', choose);
document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
choose();
`;
