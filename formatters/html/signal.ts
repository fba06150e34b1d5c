/** Which moments: the signal as lines over the heat of a map, one plot for each target. */
import type { MapTarget, SignalExplanation } from '../../src/explanation.js';
import { heatBands, signalLines } from '../drawing/signal.js';
import { count, nameOf, short, signed } from '../shared/numbers.js';
import { markup, type Markup } from './escape.js';
import { whereFact } from './image.js';
import { fact } from './viewer.js';
import { targetHead } from './weights.js';

const WIDTH = 960;
const HEIGHT = 260;

export function renderSignal(expl: SignalExplanation): Markup {
  return markup`${expl.targets.map((target) => plot(expl, target))}`;
}

function plot(expl: SignalExplanation, target: MapTarget): Markup {
  const { lines, low, high, length } = signalLines(expl.signal, WIDTH, HEIGHT);
  const bands = heatBands(target.heatmap, WIDTH);
  const zero = low < 0 && high > 0 ? (high / (high - low)) * HEIGHT : undefined;
  return markup`<section class="card">
    ${targetHead(target)}
    <svg
      class="plot"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label="Signal of ${count(length, 'sample')} with the evidence for ${nameOf(target)} behind it"
    >
      ${bands.map(
        ({ from, to, value, strength }, i) =>
          strength > 0 &&
          markup`<rect
            class="${value > 0 ? 'for' : 'against'}"
            x="${from.toFixed(1)}"
            width="${(to - from).toFixed(1)}"
            height="${HEIGHT}"
            fill-opacity="${strength.toFixed(3)}"
            ><title>Cell ${i + 1}: ${signed(value)}</title></rect
          >`,
      )}
      ${zero !== undefined && markup`<path class="zero" d="M0 ${zero.toFixed(1)}H${WIDTH}" />`}
      ${lines.map((points, i) => markup`<polyline class="line c${i % 6}" points="${points}" />`)}
    </svg>
    <div class="axis">
      <span>sample 1</span><span>values ${short(low)} to ${short(high)}</span><span>${length}</span>
    </div>
    <p class="legend">
      ${lines.length > 1 && lines.map((_, i) => markup`<span>${swatch(`c${i % 6}`)}channel ${i + 1}</span>`)}<span
        >${swatch('swatch-pos')}speaks for</span
      ><span>${swatch('swatch-neg')}speaks against</span>
    </p>
    <dl class="facts">
      ${typeof target.target === 'number' && fact('Class', String(target.target))}${fact('Cells of the map', String(target.heatmap.shape[0]))}${whereFact(target.heatmap, 'signal')}
    </dl>
  </section>`;
}

const swatch = (name: string): Markup =>
  markup`<svg viewBox="0 0 10 10" aria-hidden="true" focusable="false">
    <rect class="${name}" width="10" height="10" rx="2" />
  </svg>`;
