/** Maps read at other places, and patches put back where they came from. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import { affineGrid, gridSample, type SampleOptions } from '../../../graph/sampling.js';
import { broken, refused } from '../attributes.js';
import { ints } from '../fold.js';
import { need, needKnown, needTraced, type Operator } from '../site.js';
import { arranged, dimsOf, range, requireSize, traced } from '../tensor.js';
import { channelsLast, spatial } from './spatial.js';

const METHODS: Readonly<Record<string, SampleOptions['method']>> = {
  linear: 'linear',
  bilinear: 'linear',
  nearest: 'nearest',
  cubic: 'cubic',
  bicubic: 'cubic',
};
const OUTSIDE: readonly string[] = ['zeros', 'border', 'reflection'];

const sample: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = channelsLast(need(inputs, 0, site), site);
  const grid = needTraced(inputs, 1, site);
  const method = (METHODS as Record<string, SampleOptions['method'] | undefined>)[
    attributes.text('mode', 'linear')
  ];
  const outside = attributes.text('padding_mode', 'zeros');
  if (method === undefined || !OUTSIDE.includes(outside)) {
    throw refused(attributes.node, `samples in the unknown mode '${attributes.text('mode', '')}'`);
  }
  const dims = dimsOf(grid);
  const rank = x.shape.length - 1;
  if (dims.length !== rank + 2 || dims[0] !== 1 || dims[dims.length - 1] !== rank) {
    throw broken(attributes.node, `has places of shape [${dims.join(', ')}]`);
  }
  requireSize([...dims, x.shape[rank]]);
  const places = arranged(grid, range(rank + 1, 1));
  return [
    spatial(
      gridSample(x, places, {
        method,
        outside: outside as SampleOptions['outside'],
        alignCorners: attributes.int('align_corners', 0) === 1,
      }),
    ),
  ];
};

const affine: Operator = (inputs, site) => {
  const theta = needTraced(inputs, 0, site);
  const sizes = ints(needKnown(inputs, 1, site)).slice(2);
  requireSize([...sizes, 4]);
  if (dimsOf(theta)[0] !== 1) throw refused(site.attributes.node, 'makes several grids at a time');
  const value = affineGrid(
    arranged(theta, [1, 2]),
    sizes,
    site.attributes.int('align_corners', 0) === 1,
  );
  return [traced(value, sizes.length + 2, range(sizes.length + 1, 1))];
};

/** Columns of patches summed into the picture: a transposed convolution whose kernel is one cell a row. */
const fold: Operator = (inputs, site) => {
  const { attributes } = site;
  const x = needTraced(inputs, 0, site);
  const [space, window] = [1, 2].map((i) => ints(needKnown(inputs, i, site)));
  const ones = window.map(() => 1);
  const strides = attributes.ints('strides') ?? ones;
  const dilations = attributes.ints('dilations') ?? ones;
  const pads = attributes.ints('pads') ?? [...window, ...window].map(() => 0);
  const rank = window.length;
  const counts = space.map((n, i) =>
    Math.floor(
      (n + pads[i] + pads[i + rank] - (window[i] - 1) * dilations[i] - 1) / strides[i] + 1,
    ),
  );
  const [samples, rows, columns] = dimsOf(x);
  const cells = b.sizeOf(window);
  const channels = rows / cells;
  if (samples !== 1 || b.sizeOf(counts) !== columns || !Number.isInteger(channels)) {
    throw broken(
      attributes.node,
      `puts columns [${dimsOf(x).join(', ')}] back into [${space.join(', ')}]`,
    );
  }
  const patches = b.reshape(arranged(x, [2, 1]), [...counts, rows]);
  // each channel is a group of its own, with one kernel row a cell of the window
  const kernel = new Float32Array(cells * rows);
  for (let cell = 0; cell < cells; cell++) {
    for (let channel = 0; channel < channels; channel++) {
      kernel[cell * rows + channel * cells + cell] = 1;
    }
  }
  const value = c.convTranspose(patches, b.tensor([...window, 1, rows], kernel), undefined, {
    strides,
    dilations,
    low: pads.slice(0, rank),
    high: space.map(
      (n, i) => (counts[i] - 1) * strides[i] + (window[i] - 1) * dilations[i] + 1 - pads[i] - n,
    ),
    groups: channels,
  });
  return [spatial(value)];
};

export const SAMPLING: Readonly<Record<string, Operator>> = {
  GridSample: sample,
  AffineGrid: affine,
  Col2Im: fold,
};
