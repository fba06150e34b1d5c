/** The look of the page: one sheet, two palettes, a print version. */
import { shadeOf, SHADES } from '../display/tint.js';
import type { Theme } from './options.js';

/** The class that shades by a weight, since the policy forbids style attributes: green above zero, red below, the stronger the nearer to `most`. */
export function shadeClass(weight: number, most: number): string {
  const level = shadeOf(weight, most);
  return level === 0 ? '' : `${weight > 0 ? 'pos' : 'neg'}-${level}`;
}

/** The sheet of a page; it has rules only for the shades that the body has. */
export function pageCss(theme: Theme, body: string): string {
  const palettes = {
    light: `:root{color-scheme:light;${LIGHT}}`,
    dark: `:root{color-scheme:dark;${DARK}}`,
    auto: `:root{color-scheme:light dark;${LIGHT}}@media (prefers-color-scheme:dark){:root{${DARK}}}`,
  };
  return `${palettes[theme]}${SHEET}${shades(body)}@media print{:root{color-scheme:light;${LIGHT}}${PRINT}}`;
}

const LIGHT =
  '--page:#f6f5f2;--card:#fff;--ink:#1c1e21;--soft:#585d65;--line:#e2e0da;--sunk:#f1efea;' +
  '--accent:#3a55c4;--on-accent:#fff;--pos:#86d69b;--neg:#f6a5a0;' +
  '--shade-pos:hsl(120 100% 80%);--shade-neg:hsl(0 100% 80%);--word-pos:hsl(120 100% 60%);--word-neg:hsl(0 100% 60%);' +
  '--pos-ink:#12672f;--neg-ink:#a8231c;' +
  '--warn:#fff6dc;--warn-line:#e5c463;--warn-ink:#5e4700;--shadow:0 1px 2px #0000000d,0 8px 24px #0000000a;' +
  '--c0:#4269d0;--c1:#d98d1d;--c2:#d9483b;--c3:#3d9a8b;--c4:#8a5fc0;--c5:#7d6a4f';

const DARK =
  '--page:#131519;--card:#1b1e24;--ink:#eceef2;--soft:#a4abb8;--line:#30353f;--sunk:#242830;' +
  '--accent:#9db2ff;--on-accent:#10131c;--pos:#1f7a3f;--neg:#a1332d;' +
  '--shade-pos:var(--pos);--shade-neg:var(--neg);--word-pos:var(--pos);--word-neg:var(--neg);' +
  '--pos-ink:#7fdc9c;--neg-ink:#ff9d95;' +
  '--warn:#2d2715;--warn-line:#6d5a1f;--warn-ink:#f1dc9a;--shadow:0 1px 2px #0006,0 8px 24px #0004;' +
  '--c0:#7d9bf0;--c1:#efb118;--c2:#ff725c;--c3:#6cc5b0;--c4:#b48be8;--c5:#b39b78';

// at full strength rows have 80 % lightness and words 60 %, as in ELI5; at none they look like the card
function shades(body: string): string {
  const used = new Set(
    Array.from(body.matchAll(/class="(pos|neg)-(\d+)"/g), ([, sign, level]) => `${sign}-${level}`),
  );
  return [...used]
    .map((name) => {
      const [sign, level] = name.split('-');
      const share = (Number(level) / SHADES) * 100;
      return `.${name}{background:color-mix(in srgb,var(--shade-${sign}) ${Number(share.toFixed(2))}%,var(--card))}`;
    })
    .join('');
}

const SHEET = `
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:400 1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:76rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1,h2,h3,p,dl,dd,figure,ul,table,fieldset{margin:0;padding:0}
h1,h2{font-size:clamp(1.5rem,1.1rem + 1.6vw,2.1rem);font-weight:650;line-height:1.2;letter-spacing:-.015em;text-wrap:balance}
h3{font-size:1.05rem;font-weight:650;line-height:1.35}
.over{color:var(--soft);font-size:.85rem;font-weight:500;margin-bottom:.4rem}
.over b{font-weight:650;color:var(--ink)}
.lead{color:var(--soft);max-width:65ch;margin-top:.6rem}
.contents{margin:0 0 2rem;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.5rem}
.contents a{display:block;padding:.3rem .75rem;border:1px solid var(--line);border-radius:999px;background:var(--card);color:var(--accent);text-decoration:none;font-size:.9rem}
.contents a:hover{text-decoration:underline}
.page-title{margin-bottom:1.25rem}
article+article{margin-top:4rem;padding-top:3rem;border-top:1px solid var(--line)}
header{margin-bottom:1.5rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;box-shadow:var(--shadow);padding:1.25rem}
.card+.card,.card+details,details+.card{margin-top:1rem}
.warn{margin:1rem 0 0;padding:.7rem 1rem;border:1px solid var(--warn-line);border-radius:10px;background:var(--warn);color:var(--warn-ink);max-width:75ch;list-style:none}
.warn li+li{margin-top:.35rem}
.sr{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.tabs{display:flex;flex-wrap:wrap;gap:.35rem;margin-bottom:1rem}
.tabs[hidden]{display:none}
.tabs button{font:inherit;font-size:.95rem;color:var(--soft);background:none;border:1px solid transparent;border-radius:999px;padding:.4rem .95rem;cursor:pointer}
.tabs button:hover{background:var(--sunk);color:var(--ink)}
.tabs button[aria-selected=true]{background:var(--accent);color:var(--on-accent);font-weight:600}
.tabs small{font-size:.85em;margin-left:.35em}
.bench{display:grid;grid-template-columns:minmax(0,1fr);gap:1.25rem}
.bench.live{grid-template-columns:minmax(0,1fr) 15.5rem}
.panel[hidden]{display:none}
.panel+.panel{margin-top:1.5rem}
.live .panel+.panel{margin-top:0}
.panel>h3{margin-bottom:.75rem}
.live.many .panel>h3{display:none}
.views{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem;align-items:start}
.views.alone{grid-template-columns:minmax(0,40rem)}
.views.alone .original{display:none}
figcaption,.note{color:var(--soft);font-size:.85rem;margin-top:.5rem}
.stage{position:relative;border-radius:8px;overflow:hidden;background:repeating-conic-gradient(var(--sunk) 0 25%,var(--card) 0 50%) 0 0/16px 16px;line-height:0}
.stage.probe{cursor:crosshair;touch-action:none}
.stage.probe:focus-visible{outline-offset:3px}
.stage svg,.stage .base{display:block;width:100%;height:auto}
.frame{position:absolute;inset:0;pointer-events:none}
.stage svg.half{height:100%}
.stage svg.half[hidden]{display:none}
.half rect{fill:none;vector-effect:non-scaling-stroke}.half .dark{stroke:#000;stroke-width:4;opacity:.55}.half .bright{stroke:#fff;stroke-width:2}
h1 b,h2 b{color:var(--accent)}
.stage .heat{position:absolute;inset:0;width:100%;height:100%}
.stage .heat[hidden]{display:none}
.stage.grey>svg,.stage.grey>.base{filter:grayscale(1)}
.stage.nothing>svg,.stage.nothing>.base{visibility:hidden}
.empty{position:absolute;left:0;right:0;bottom:0;padding:.35rem .6rem;background:var(--card);color:var(--ink);font-size:.85rem;line-height:1.35;opacity:.92}
.empty[hidden]{display:none}
.cell{position:absolute;border:2px solid #fff;outline:1px solid #000;border-radius:2px;pointer-events:none;min-width:6px;min-height:6px}
.cell[hidden]{display:none}
.read{display:block;margin-top:.9rem;font-size:.95rem}
.read:not(:empty)+.tip,.bench:not(.live) .tip{display:none}
.read:empty{display:none}
.tip{margin-top:.9rem;font-size:.95rem}
.read b{font-weight:650}
.controls{display:flex;flex-direction:column;gap:1.1rem;align-self:start;border:0;background:var(--sunk);border-radius:10px;padding:1rem;font-size:.92rem;min-width:0}
.controls[hidden],.controls .more{display:none}
.controls .field{display:flex;flex-direction:column;gap:.35rem}
.controls label,.controls legend{font-weight:600;padding:0}
.controls .row{display:flex;justify-content:space-between;gap:.5rem}
.controls output{font-weight:500;color:var(--soft)}
.controls fieldset{border:0;min-width:0}
.pills{display:flex;flex-wrap:wrap;gap:.3rem;margin-top:.35rem}
.pills label{position:relative;font-weight:500;cursor:pointer}
.pills input{position:absolute;inset:0;opacity:0;margin:0;cursor:pointer}
.pills span{display:block;padding:.2rem .65rem;border:1px solid var(--line);border-radius:999px;background:var(--card)}
.pills input:checked+span{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.pills input:focus-visible+span{outline:3px solid var(--accent);outline-offset:2px}
.controls select{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.35rem .5rem;width:100%}
.controls input[type=range]{width:100%;accent-color:var(--accent)}
.controls input[type=checkbox]{accent-color:var(--accent);width:1.05rem;height:1.05rem;margin:0}
.controls .check{flex-direction:row;align-items:center;gap:.5rem}
.controls .check label{font-weight:500}
.scale{display:grid;grid-template-columns:auto minmax(3rem,1fr) auto;gap:.6rem;align-items:center;color:var(--soft);font-size:.85rem;margin-top:.6rem}
.scale img,.scale canvas{display:block;width:100%;height:.6rem;border-radius:3px;border:1px solid var(--line)}
.scale [hidden]{display:none}
.facts{display:flex;flex-wrap:wrap;gap:.5rem 1.75rem;margin-top:1rem;padding-top:1rem;border-top:1px solid var(--line)}
.facts div{min-width:0}
.facts dt{color:var(--soft);font-size:.8rem}
.facts dd{font-weight:550}
.facts .wide{flex-basis:100%}
.facts .wide dd{font-weight:400;max-width:70ch}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:1rem;align-items:start}
.cards .card+.card{margin-top:0}
.head{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:.15rem 1rem;margin-bottom:.75rem}
.head .num{color:var(--soft);font-size:.9rem}
.scroll{overflow-x:auto;border-radius:8px}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.95rem}
th,td{text-align:left;padding:.32rem .7rem;vertical-align:baseline}
table{overflow-wrap:break-word}
tbody th{overflow-wrap:anywhere;min-width:6.5rem}
td{min-width:3rem}
thead th{white-space:nowrap;color:var(--soft);font-size:.8rem;font-weight:550;border-bottom:1px solid var(--line)}
tbody tr+tr>*{border-top:1px solid color-mix(in srgb,var(--line) 50%,transparent)}
tbody th{font-weight:450}
.num,td.num,th.num{text-align:right;white-space:nowrap}
.head .num{text-align:left;white-space:normal}
td.num{width:1%}
.rest td,[data-rest] td{color:var(--soft);font-size:.88rem}
.spread{font-size:.88em}
[data-rest] td{text-align:center;font-style:italic}
.space{background:color-mix(in srgb,var(--ink) 18%,transparent);border-radius:2px;margin:0 .1em}
.classes{margin-bottom:1.25rem}
.bar{width:38%;min-width:5rem}
.bar svg{display:block;width:100%;height:.8rem;overflow:visible}
.bar .fill{fill:var(--c0)}
.bar .rise{fill:var(--pos-ink)}.bar .fall{fill:var(--neg-ink)}.bar .mark{fill:var(--ink)}
.bar .whisker{stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}
.document{--shade-pos:var(--word-pos);--shade-neg:var(--word-neg);white-space:pre-wrap;line-height:1.9;max-width:80ch;font-size:1.02rem}
.document+.document{margin-top:1rem}
mark{color:inherit;background:none}
.document mark{border-radius:3px;padding:.12em 0}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1rem;color:var(--soft);font-size:.85rem;margin-top:.9rem}
.legend svg{width:.8rem;height:.8rem;margin-right:.35rem;vertical-align:-.08em}
.swatch-pos{fill:var(--pos)}.swatch-neg{fill:var(--neg)}
.swatch{width:.8em;height:.8em;margin-right:.4em;vertical-align:-.05em}
.legend-item{margin-right:.8rem;white-space:nowrap}
.concepts{margin-top:1rem}
.sub{margin-top:1rem}
.sub>h4{margin:0 0 .4rem;font-size:.9rem;font-weight:600;color:var(--soft)}
.matrix td{text-align:right;white-space:nowrap;border:1px solid var(--card);border-radius:6px}
.matrix th[scope=row]{white-space:nowrap;font-weight:550}
.matrix thead th{text-align:right;border:0;white-space:normal}
.tree,.tree ul{list-style:none}
.tree ul{margin-left:.55rem;padding-left:1.1rem;border-left:2px solid var(--line)}
.tree li{padding-top:.5rem}
.tree summary{cursor:pointer;border-radius:6px;padding:.1rem .3rem}
.tree summary:hover{background:var(--sunk)}
.tree .leaf{display:block;padding:.1rem .3rem .1rem 1.35rem}
.tree .branch{color:var(--soft);font-size:.85rem;margin-right:.4rem}
.tree .rule{font-weight:600}
.tree .meta{color:var(--soft);font-size:.88rem;display:inline-flex;flex-wrap:wrap;gap:0 .9rem;margin-left:.6rem}
.tree .ratio{width:6rem;height:.6rem;border-radius:3px;vertical-align:middle;margin-left:.6rem}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}
.plot{display:block;width:100%;height:auto;max-height:20rem;background:var(--card)}
.plot .for{fill:var(--pos)}.plot .against{fill:var(--neg)}
.plot .zero{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.plot .line{fill:none;stroke-width:1.75;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.line.c0{stroke:var(--c0);fill:none}.line.c1{stroke:var(--c1);fill:none}.line.c2{stroke:var(--c2);fill:none}.line.c3{stroke:var(--c3);fill:none}.line.c4{stroke:var(--c4);fill:none}.line.c5{stroke:var(--c5);fill:none}
.axis{display:flex;justify-content:space-between;color:var(--soft);font-size:.8rem;margin-top:.25rem}
details.how{margin-top:1.25rem;font-size:.94rem}
details.how>summary{cursor:pointer;color:var(--soft);font-weight:550;width:fit-content;padding:.2rem .1rem;border-radius:4px}
details.how[open]>summary{margin-bottom:.6rem}
details.how dl{display:grid;grid-template-columns:minmax(7rem,max-content) minmax(0,1fr);gap:.3rem 1.25rem}
details.how dt{color:var(--soft)}
code{font:.92em/1.4 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
footer{color:var(--soft);font-size:.8rem;margin-top:3rem}
@media (max-width:60rem){.bench.live{grid-template-columns:minmax(0,1fr)}.live .controls{position:sticky;bottom:.5rem;z-index:2;max-height:38vh;overflow-y:auto;box-shadow:var(--shadow),0 0 0 1px var(--line)}.controls:not([hidden]){display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.6rem .75rem;align-items:center;padding:.65rem .8rem}.controls>*{grid-column:1/-1}.controls .field:has([type=range]){display:grid;grid-template-columns:auto minmax(4rem,1fr) auto;gap:.6rem;align-items:center}.controls .field:has([type=range]) .row{display:contents}.controls [type=range]{order:1}.controls .row output{order:2}.controls fieldset:not(.extra){grid-column:1}.controls fieldset:not(.extra) legend{position:absolute;clip-path:inset(50%)}.controls fieldset:not(.extra) .pills{margin:0}.pills{gap:.2rem}.pills span{padding:.2rem .5rem}.controls .more{display:block;grid-column:2;font:inherit;font-weight:550;color:var(--accent);background:none;border:0;padding:.3rem .2rem;cursor:pointer}.controls:not(.unfolded) .extra{display:none}}
@media (max-width:38rem){main{padding:1.5rem 1rem 3rem}.card{padding:1rem;border-radius:12px}.views{grid-template-columns:minmax(0,1fr)}.views .original{order:1;max-width:60%}.bar{min-width:3rem}th,td{padding:.32rem .45rem}details.how dl{grid-template-columns:minmax(0,1fr);gap:0}details.how dd+dt{margin-top:.5rem}}
@media (prefers-reduced-motion:no-preference){.tabs button,.pills span{transition:background-color .12s,color .12s}}
@media (forced-colors:active){.pills input:checked+span,.tabs button[aria-selected=true]{outline:2px solid}}
`;

const PRINT = `
@page{margin:14mm}
body{background:#fff;font-size:10.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
.card{box-shadow:none;break-inside:avoid-page}
.card:has(.panel){break-inside:auto;border:0;padding:0}
.how>summary{list-style:none}
.how>summary::-webkit-details-marker{display:none}
.controls,.tabs,.contents,.read,.tip,.cell{display:none!important}
.bench.live{grid-template-columns:minmax(0,1fr)}
.panel[hidden]{display:block}
.panel,.live .panel{break-inside:avoid}
.live .panel+.panel{margin-top:1.5rem}
.live.many .panel>h3{display:block}
.views{max-width:34rem}
.document{line-height:1.6}
details::details-content{content-visibility:visible;block-size:auto;opacity:1}
article+article{break-before:page;border:0;margin:0;padding:0}
`;
