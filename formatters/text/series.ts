/** Signals as rows of characters, with the map's shades beneath the same moments. */
import type { Heatmap, NdArray } from '../../src/explanation.js';
import type { Percentile } from '../display/full-strength.js';
import { plain } from '../shared/numbers.js';
import { pad } from './layout.js';
import { fit, fullStrength, shadeRow } from './map.js';
import type { Style } from './style.js';

const BARS = { ascii: '_.-=^', blocks: '▁▂▃▄▅▆▇█' };
const MOST_CHANNELS = 4;
const WIDEST = 72;
const LABEL = 8;

/** Each channel as a row of bars from its smallest to its largest value, then the map. */
export function drawSeries(
  map: Heatmap,
  signal: NdArray,
  style: Style,
  percentile: Percentile = 'auto',
): string[] {
  const [length, channels = 1] = signal.shape;
  const columns = Math.max(1, Math.min(style.width - LABEL, WIDEST, Math.max(length, 16)));
  const lines: string[] = [];
  for (let channel = 0; channel < Math.min(channels, MOST_CHANNELS); channel++) {
    const data = Float32Array.from({ length }, (_, i) => signal.data[i * channels + channel]);
    lines.push(pad(`ch ${channel}`, LABEL) + bars(fit({ shape: [length], data }, columns), style));
  }
  if (channels > MOST_CHANNELS) {
    lines.push(`${' '.repeat(LABEL)}${style.signs.more} ${channels - MOST_CHANNELS} more channels`);
  }
  const drawn = fit(map, columns);
  const largest = fullStrength(map, drawn, percentile);
  lines.push(pad('map', LABEL) + shadeRow(drawn.data, largest, style));
  lines.push(`${' '.repeat(LABEL)}full strength is ${plain(largest)}`);
  return lines.map((line) => line.trimEnd());
}

function bars({ data }: Heatmap, style: Style): string {
  const glyphs = style.blocks ? BARS.blocks : BARS.ascii;
  const low = data.reduce((a, b) => Math.min(a, b), Infinity);
  const high = data.reduce((a, b) => Math.max(a, b), -Infinity);
  return Array.from(data, (value) => {
    const share = high === low ? 0.5 : (value - low) / (high - low);
    return glyphs[Math.min(glyphs.length - 1, Math.floor(share * glyphs.length))];
  }).join('');
}
