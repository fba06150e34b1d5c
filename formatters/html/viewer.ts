/** Maps over a picture or a volume, with everything needed to redraw them: one panel a target. */
import type { Heatmap, MapTarget, Picture } from '../../src/explanation.js';
import { floatBytes, toBase64 } from '../../src/images/base64.js';
import { pngAddress } from '../../src/images/png.js';
import { emptyNote } from '../display/empty.js';
import { SHOWN_FILTERS } from '../display/filters.js';
import { colormapStrip, overlayOf } from '../display/overlay.js';
import { endsOf, shownExtent } from '../display/scale.js';
import { percent, shortNameOf, signed, titled } from '../shared/numbers.js';
import { renderControls } from './controls.js';
import { markup, jsonBlock, oneLine, outside, type Markup } from './escape.js';
import { leadsFor } from './leads.js';
import type { PageValues } from './options.js';

/** Pictures smaller than this are drawn larger, so that a smooth map is smooth. */
const SMALLEST_CANVAS = 448;

/** Shares of the picture: left, top, width, height. */
type BoxShares = readonly [left: number, top: number, width: number, height: number];

export interface ViewerParts {
  /** Unique on the page. */
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** What lies under the maps, without script; `aria-hidden` is set around it. */
  readonly base: () => Markup;
  readonly targets: readonly MapTarget[];
  /** The map of a target that is seen without script, `[h, w]`. */
  readonly still: (map: Heatmap) => Heatmap;
  /** Words for what is explained: `picture`, `volume`. */
  readonly what: string;
  readonly facts: (target: MapTarget) => Markup;
  /** Where half of the positive evidence lies. */
  readonly box?: (target: MapTarget) => BoxShares | undefined;
  readonly caption?: string;
  readonly volume?: {
    readonly depth: number;
    readonly slice: number;
    readonly grey: Uint8Array;
  };
}

export function renderViewer(parts: ViewerParts, options: PageValues): Markup {
  const { id, targets, volume } = parts;
  if (targets.length === 0) return markup`<p class="card">No target was explained.</p>`;
  const names = targets.map(shortNameOf);
  return markup`<div class="card" data-bench data-hint="${id}-hint">
    ${
      targets.length > 1 &&
      markup`<div class="tabs" role="tablist" aria-label="Targets" hidden>
        ${targets.map(
          (target, i) =>
            markup`<button
              type="button"
              role="tab"
              id="${id}-tab-${i}"
              aria-controls="${id}-panel-${i}"
              aria-selected="${String(i === 0)}"
            >
              ${outside(names[i])}${target.proba !== undefined && markup`<small>${percent(target.proba)}</small>`}
            </button>`,
        )}
      </div>`
    }
    <div class="bench">
      <div class="panels">${targets.map((target, i) => panel(parts, options, target, i))}</div>
      ${renderControls(
        { id, box: parts.box !== undefined, ...(volume !== undefined && { volume }) },
        options,
      )}
    </div>
    <p class="sr" id="${id}-hint">
      Arrow keys move the probe and read the value beneath it, with Shift ten cells at a time;
      Escape takes it away.
    </p>
    ${jsonBlock('maps', data(parts, options))}
  </div>`;
}

function panel(parts: ViewerParts, options: PageValues, target: MapTarget, i: number): Markup {
  const { id, width, height } = parts;
  const { colormap, alphaLimit, filter } = options;
  const extent = shownExtent([target.heatmap], filter, options.percentile);
  const heat = overlayOf(parts.still(target.heatmap), {
    colormap,
    alphaLimit,
    filter,
    extent,
    ...(options.under === 'nothing' && { opacity: 1 }),
  });
  const empty = emptyNote([target.heatmap], filter);
  const [low, high] = endsOf(filter, extent);
  const name = oneLine(shortNameOf(target));
  const box = parts.box?.(target);
  return markup`<section class="panel" id="${id}-panel-${i}">
    <h3${parts.targets.length === 1 && markup` class="sr"`}>${outside(oneLine(titled(target)))}</h3>
    <div class="views${!options.original && ' alone'}">
      <figure class="original">
        <div class="stage" role="img" aria-label="The ${parts.what} as it was given">
          ${parts.base()}
        </div>
        <figcaption>Original, ${width} × ${height}${parts.caption}</figcaption>
      </figure>
      <figure>
        <div class="stage probe ${options.under}" role="img" aria-label="Map of ${name} over the ${parts.what}">
          ${parts.base()}<img class="heat" alt="" src="${pngAddress(heat)}" /><span
            class="cell"
            hidden
          ></span
          >${box !== undefined && halfBox(box, options.filter !== 'positive')}<span class="empty"${empty === undefined && markup` hidden`}
            >Empty map${empty !== undefined && markup`: ${empty}`}</span
          >
        </div>
        <figcaption>
          Evidence for ${outside(name)}, ${target.heatmap.shape.join(' × ')} cells
        </figcaption>
        <div class="scale">
          <span data-low>${signed(low)}</span
          ><img alt="" src="${pngAddress(colormapStrip(colormap))}" /><span data-high
            >${signed(high)}</span
          >
        </div>
      </figure>
    </div>
    <output class="read" aria-live="polite"></output>
    <p class="note tip">Point at the map, or go to it and use the arrow keys, to read its values.</p>
    <dl class="facts">
      ${parts.facts(target)}
    </dl>
  </section>`;
}

/** A frame over the picture; it shows where half of the positive evidence lies, so it is hidden while other evidence is shown. */
function halfBox([x, y, width, height]: BoxShares, hidden: boolean): Markup {
  const frame = (kind: string): Markup =>
    markup`<rect class="${kind}" x="${x * 100}" y="${y * 100}" width="${width * 100}" height="${height * 100}" />`;
  return markup`<span class="frame"><svg
    class="half"
    viewBox="0 0 100 100"
    preserveAspectRatio="none"
    aria-hidden="true"
    ${hidden && markup` hidden`}
  >
    ${frame('dark')}${frame('bright')}
  </svg></span>`;
}

export const fact = (name: string, value: string | Markup, wide = false): Markup =>
  markup`<div${wide && markup` class="wide"`}><dt>${name}</dt><dd>${value}</dd></div>`;

function data(parts: ViewerParts, options: PageValues): unknown {
  const { width, height, targets, volume } = parts;
  const enlarge = Math.max(1, SMALLEST_CANVAS / Math.max(width, height));
  return {
    width: Math.round(width * enlarge),
    height: Math.round(height * enlarge),
    maps: targets.map(({ heatmap }) => ({
      shape: heatmap.shape,
      values: toBase64(floatBytes(heatmap.data)),
      shown: Object.fromEntries(
        SHOWN_FILTERS.map((filter) => {
          const { low, high } = shownExtent([heatmap], filter, options.percentile);
          return [filter, [low, high, emptyNote([heatmap], filter) ?? '']];
        }),
      ),
    })),
    leads: leadsFor(targets),
    start: {
      filter: options.filter,
      under: options.under,
      limit: options.alphaLimit,
      colormap: options.colormap,
      resampling: options.resamplingFilter,
      slice: volume?.slice ?? 0,
    },
    ...(volume !== undefined && {
      volume: toBase64(volume.grey),
      depth: volume.depth,
      depthWidth: width,
      depthHeight: height,
    }),
  };
}

/** A picture that is written once and shown often: an SVG symbol and its uses. */
export function sharedPicture(
  id: string,
  picture: Picture,
): { define: Markup; show: () => Markup } {
  const { width, height } = picture;
  const box = `0 0 ${width} ${height}`;
  return {
    define: markup`<svg width="0" height="0" class="sr" aria-hidden="true" focusable="false">
      <defs>
        <image
          id="${id}"
          width="${width}"
          height="${height}"
          preserveAspectRatio="none"
          href="${pngAddress(picture)}"
        />
      </defs>
    </svg>`,
    show: () =>
      markup`<svg
        viewBox="${box}"
        width="${width}"
        height="${height}"
        aria-hidden="true"
        focusable="false"
      >
        <use href="#${id}" />
      </svg>`,
  };
}
