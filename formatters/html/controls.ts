/** The controls beside a map: how it is drawn. */
import { colormapTable } from '../../src/images/colormaps.js';
import { toBase64 } from '../../src/images/base64.js';
import { RESAMPLING_FILTERS } from '../../src/images/resample.js';
import type { ShownFilter } from '../display/filters.js';
import { jsonBlock, markup, type Markup } from './escape.js';
import { UNDER, type PageValues, type Under } from './options.js';

/** Colormaps that the page offers, in groups; the chosen one is added. */
const OFFERED = {
  'One-sided': ['viridis', 'magma', 'inferno', 'cividis', 'turbo', 'jet', 'gray', 'Reds', 'YlOrRd'],
  'Two-sided': ['RdBu_r', 'PuOr_r', 'PiYG', 'BrBG'],
} as const;

const EVIDENCE_WORDS: Readonly<Record<ShownFilter, string>> = {
  positive: 'For',
  negative: 'Against',
  symmetric: 'Both',
  absolute: 'Either',
  normalize: 'Full range',
};

const UNDER_WORDS: Readonly<Record<Under, string>> = {
  picture: 'Picture',
  grey: 'Grey picture',
  nothing: 'Map alone',
};

export interface ControlParts {
  /** Of the viewer, unique on the page. */
  readonly id: string;
  /** Whether a box around half of the evidence can be shown. */
  readonly box: boolean;
  readonly volume?: { readonly depth: number; readonly slice: number };
}

/**
 * What the reader may change. On narrow screens the controls stay at the lower edge of the
 * window, so they are folded to two lines there, and a button shows the rest (class `extra`).
 */
export function renderControls({ id, volume, box }: ControlParts, options: PageValues): Markup {
  const groups: Record<string, readonly string[]> = { ...OFFERED };
  if (!Object.values(groups).flat().includes(options.colormap)) {
    groups['Chosen'] = [options.colormap];
  }
  const limit = Math.round(options.alphaLimit * 100);
  const option = (value: string, chosen: string): Markup =>
    markup`<option value="${value}" ${value === chosen && markup` selected`}>${value}</option>`;
  return markup`<div class="controls" role="group" aria-label="How the map is drawn" hidden>
    ${
      volume !== undefined &&
      markup`<div class="field">
        <div class="row">
          <label for="${id}-slice">Slice</label
          ><output data-slice for="${id}-slice">${volume.slice + 1} of ${volume.depth}</output>
        </div>
        <input
          type="range"
          id="${id}-slice"
          data-control="slice"
          min="1"
          max="${volume.depth}"
          step="1"
          value="${volume.slice + 1}"
        />
      </div>`
    }
    <div class="field">
      <div class="row">
        <label for="${id}-opacity">Opacity</label
        ><output data-opacity for="${id}-opacity">${limit} %</output>
      </div>
      <input
        type="range"
        id="${id}-opacity"
        data-control="opacity"
        min="0"
        max="100"
        step="1"
        value="${limit}"
      />
    </div>
    <fieldset>
      <legend>Evidence</legend>
      <div class="pills">
        ${Object.entries(EVIDENCE_WORDS).map(
          ([value, word]) =>
            markup`<label
              ><input
                type="radio"
                name="${id}-filter"
                data-control="filter"
                value="${value}"
                ${value === options.filter && markup` checked`}
              /><span>${word}</span></label
            >`,
        )}
      </div>
    </fieldset>
    <button type="button" class="more" aria-expanded="false">More</button>
    <fieldset class="extra">
      <legend>Under the map</legend>
      <div class="pills">
        ${UNDER.map(
          (value) =>
            markup`<label
              ><input
                type="radio"
                name="${id}-under"
                data-control="under"
                value="${value}"
                ${value === options.under && markup` checked`}
              /><span>${UNDER_WORDS[value]}</span></label
            >`,
        )}
      </div>
    </fieldset>
    <div class="field extra">
      <label for="${id}-colormap">Colours</label
      ><select id="${id}-colormap" data-control="colormap">
        ${Object.entries(groups).map(
          ([group, names]) =>
            markup`<optgroup label="${group}">
              ${names.map((name) => option(name, options.colormap))}
            </optgroup>`,
        )}
      </select>
    </div>
    <div class="field extra">
      <label for="${id}-resampling">Filter between cells</label
      ><select id="${id}-resampling" data-control="resampling">
        ${RESAMPLING_FILTERS.map((name) => option(name, options.resamplingFilter))}
      </select>
    </div>
    <div class="field check extra">
      <input
        type="checkbox"
        id="${id}-original"
        data-control="original"
        ${options.original && markup` checked`}
      /><label for="${id}-original">Original beside it</label>
    </div>
    ${
      box &&
      markup`<div class="field check extra">
        <input type="checkbox" id="${id}-box" data-control="box" checked /><label for="${id}-box"
          >Box around half of it</label
        >
      </div>`
    }
  </div>`;
}

/** The tables of all offered colormaps, once a page. */
export function colormapBlock(chosen: string): Markup {
  const names = new Set([...Object.values(OFFERED).flat(), 'viridis', 'RdBu_r', chosen]);
  return jsonBlock(
    'colormaps',
    Object.fromEntries([...names].map((name) => [name, toBase64(colormapTable(name))])),
  );
}
