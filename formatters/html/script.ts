/**
 * What moves on the page: tabs, controls, live redrawing, the probe. Text, not
 * a function turned into text: the policy trusts it by its hash, so no build
 * step may touch it. It writes text and attributes only, never markup.
 *
 * Every page carries it, so its comments stand here. In its order:
 * - resampling as Pillow does, in floats: four channels, premultiplied, one axis after the other;
 * - colours;
 * - tabs: arrows move, Home and End jump;
 * - maps over a picture or a volume: `flat` is the map that lies on the picture now (a slice
 *   between the slices of a volume's map), `read` says the value under the probe; two-sided
 *   evidence takes a colormap with a middle, one-sided evidence one without.
 */
export const SCRIPT = String.raw`(() => {
'use strict';
const all = (root, selector) => [...root.querySelectorAll(selector)];
const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const floats = (text) => {
  const view = new DataView(bytes(text).buffer);
  return Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
};
const json = (root, selector) => {
  const element = root.querySelector(selector);
  return element && JSON.parse(element.textContent);
};
const tables = {};
for (const [name, text] of Object.entries(json(document, '[data-colormaps]') || {})) tables[name] = bytes(text);

const short = (value) => {
  const size = Math.abs(value);
  const far = size !== 0 && (size < 1e-4 || size >= 1e7);
  const decimals = size === 0 ? 0 : Math.max(3 - Math.floor(Math.log10(size)), 0);
  const text = far ? size.toExponential(3).replace(/e\+?/, ' \u00d7 10^') : String(Number(size.toFixed(decimals)));
  return (value < 0 ? '\u2212' : value > 0 ? '+' : '') + text;
};

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const kernels = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  hamming: [1, (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0)],
  bicubic: [2, (x) => {
    const a = Math.abs(x);
    return a < 1 ? (1.5 * a - 2.5) * a * a + 1 : a < 2 ? ((-0.5 * a + 2.5) * a - 4) * a + 2 : 0;
  }],
  lanczos: [3, (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)],
};
const weightsOf = (from, to, filter) => Array.from({ length: to }, (_, i) => {
  const centre = ((i + 0.5) * from) / to;
  if (filter === 'nearest') return { first: Math.min(from - 1, Math.floor(centre)), list: [1] };
  const [support, kernel] = kernels[filter];
  const scale = Math.max(1, from / to);
  const first = Math.max(0, Math.floor(centre - support * scale + 0.5));
  const last = Math.min(from, Math.floor(centre + support * scale + 0.5));
  const list = [];
  for (let at = first; at < last; at++) list.push(kernel((at + 0.5 - centre) / scale));
  const sum = list.reduce((a, b) => a + b, 0);
  return { first, list: list.map((weight) => weight / sum) };
});
const resample = (data, [height, width], [rows, columns], filter) => {
  const wide = new Float32Array(height * columns * 4);
  weightsOf(width, columns, filter).forEach(({ first, list }, x) => {
    for (let y = 0; y < height; y++) for (let k = 0; k < list.length; k++) {
      const from = (y * width + first + k) * 4;
      for (let c = 0; c < 4; c++) wide[(y * columns + x) * 4 + c] += data[from + c] * list[k];
    }
  });
  const result = new Float32Array(rows * columns * 4);
  const row = columns * 4;
  weightsOf(height, rows, filter).forEach(({ first, list }, y) => {
    for (let k = 0; k < list.length; k++) {
      const from = (first + k) * row;
      for (let i = 0; i < row; i++) result[y * row + i] += wide[from + i] * list[k];
    }
  });
  return result;
};

const scaleOf = (filter, low, high) => {
  const most = Math.max(high, -low);
  const share = (value, full) => (full > 0 && value > 0 ? Math.min(value / full, 1) : 0);
  if (filter === 'positive') return (v) => [share(v, high), share(v, high)];
  if (filter === 'negative') return (v) => [share(-v, -low), share(-v, -low)];
  if (filter === 'absolute') return (v) => [share(Math.abs(v), most), share(Math.abs(v), most)];
  if (filter === 'normalize') return (v) => [share(v - low, high - low), share(v - low, high - low)];
  return (v) => {
    const part = most > 0 ? Math.max(-1, Math.min(v / most, 1)) : 0;
    return [(part + 1) / 2, Math.abs(part)];
  };
};
const endsOf = (filter, low, high) => {
  const most = Math.max(high, -low);
  if (filter === 'positive') return [0, Math.max(high, 0)];
  if (filter === 'negative') return [0, Math.min(low, 0)];
  if (filter === 'absolute') return [0, most];
  return filter === 'normalize' ? [low, high] : [-most, most];
};
const coloured = (values, scale, table, limit, solid) => {
  const data = new Float32Array(values.length * 4);
  for (let i = 0; i < values.length; i++) {
    const [colour, strength] = scale(values[i]);
    const at = Math.min(255, Math.floor(colour * 256)) * 4;
    const alpha = Math.floor((solid ? 1 : Math.min(strength, limit)) * table[at + 3]);
    for (let c = 0; c < 3; c++) data[i * 4 + c] = (table[at + c] * alpha) / 255;
    data[i * 4 + 3] = alpha;
  }
  return data;
};
const paint = (canvas, premultiplied, width, height) => {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < premultiplied.length; i += 4) {
    const alpha = premultiplied[i + 3];
    if (alpha <= 0) continue;
    for (let c = 0; c < 3; c++) image.data[i + c] = (premultiplied[i + c] * 255) / alpha;
    image.data[i + 3] = alpha;
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
};

const tabs = (root, chosen) => {
  const list = root.querySelector('.tabs');
  if (!list) return;
  const buttons = all(list, 'button');
  const panels = buttons.map((button) => document.getElementById(button.getAttribute('aria-controls')));
  const choose = (index, focus) => {
    buttons.forEach((button, i) => {
      button.setAttribute('aria-selected', String(i === index));
      button.tabIndex = i === index ? 0 : -1;
      panels[i].hidden = i !== index;
    });
    if (focus) buttons[index].focus();
    chosen(index);
  };
  panels.forEach((panel, i) => {
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', buttons[i].id);
  });
  buttons.forEach((button, i) => {
    button.addEventListener('click', () => choose(i, false));
    button.addEventListener('keydown', (event) => {
      const last = buttons.length - 1;
      const to = { ArrowRight: i === last ? 0 : i + 1, ArrowLeft: i === 0 ? last : i - 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose(to, true);
    });
  });
  list.hidden = false;
  choose(0, false);
};

const bench = (root) => {
  const data = json(root, '[data-maps]');
  const maps = data.maps.map(({ shape, values, shown }) => ({ shape, shown, values: floats(values) }));
  const volume = data.volume && bytes(data.volume);
  const panels = all(root, '.panel');
  const control = (name) => root.querySelector('[data-control=' + name + ']');
  const state = { ...data.start, box: true };
  const lead = document.querySelector('[data-lead=' + root.dataset.hint.replace(/-hint$/, '') + ']');
  const kept = { one: state.filter === 'symmetric' ? 'viridis' : state.colormap, two: state.filter === 'symmetric' ? state.colormap : 'RdBu_r' };
  const probes = panels.map(() => undefined);

  const extents = maps.map(({ values }) => {
    let low = Infinity, high = -Infinity;
    for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
    return [low, high];
  });
  const flat = (index) => {
    const { shape, values } = maps[index];
    if (!volume) return { shape, values };
    const [depth, height, width] = shape;
    const size = height * width;
    const at = Math.min(Math.max(((state.slice + 0.5) * depth) / data.depth - 0.5, 0), depth - 1);
    const below = Math.floor(at), above = Math.min(below + 1, depth - 1), share = at - below;
    const slice = new Float32Array(size);
    for (let i = 0; i < size; i++) slice[i] = values[below * size + i] * (1 - share) + values[above * size + i] * share;
    return { shape: [height, width], values: slice };
  };
  const draw = (index) => {
    const panel = panels[index];
    const { shape, values } = flat(index);
    const [low, high, empty] = maps[index].shown[state.filter];
    const table = tables[state.colormap];
    const grid = [data.height, data.width];
    let canvas = panel.querySelector('canvas.heat');
    if (!canvas) {
      canvas = document.createElement('canvas');
      canvas.className = 'heat';
      canvas.setAttribute('aria-hidden', 'true');
      const still = panel.querySelector('img.heat');
      still.after(canvas);
      still.hidden = true;
    }
    paint(canvas, resample(coloured(values, scaleOf(state.filter, low, high), table, state.limit, state.under === 'nothing'), shape, grid, state.resampling), data.width, data.height);
    const stage = panel.querySelector('.stage.probe');
    for (const name of ['picture', 'grey', 'nothing']) stage.classList.toggle(name, name === state.under);
    const note = panel.querySelector('.empty');
    note.hidden = !empty;
    note.textContent = 'Empty map: ' + empty;
    const half = panel.querySelector('svg.half');
    if (half) half.toggleAttribute('hidden', state.filter !== 'positive' || !state.box);
    if (lead) lead.textContent = data.leads[state.filter];
    const strip = panel.querySelector('.scale');
    let bar = strip.querySelector('canvas');
    if (!bar) {
      bar = document.createElement('canvas');
      bar.setAttribute('aria-hidden', 'true');
      strip.querySelector('img').after(bar);
      strip.querySelector('img').hidden = true;
    }
    paint(bar, Float32Array.from(table, (value, i) => (i % 4 === 3 ? value : (value * table[i | 3]) / 255)), 256, 1);
    const ends = endsOf(state.filter, low, high);
    strip.querySelector('[data-low]').textContent = short(ends[0]);
    strip.querySelector('[data-high]').textContent = short(ends[1]);
    if (volume) {
      const size = data.depthHeight * data.depthWidth;
      all(panel, 'canvas.base').forEach((base) => {
        base.width = data.depthWidth;
        base.height = data.depthHeight;
        const image = new ImageData(base.width, base.height);
        for (let i = 0; i < size; i++) {
          image.data.fill(volume[state.slice * size + i], i * 4, i * 4 + 3);
          image.data[i * 4 + 3] = 255;
        }
        base.getContext('2d').putImageData(image, 0, 0);
        base.hidden = false;
        base.previousElementSibling.style.display = 'none';
      });
    }
    read(index);
  };
  const read = (index) => {
    const panel = panels[index];
    const mark = panel.querySelector('.cell');
    const probe = probes[index];
    mark.hidden = !probe;
    if (!probe) { panel.querySelector('.read').textContent = ''; return; }
    const { shape: [height, width], values } = flat(index);
    const [row, column] = probe;
    const value = values[row * width + column];
    const [low, high] = extents[index];
    const full = value < 0 ? -low : high;
    Object.assign(mark.style, {
      top: (row / height) * 100 + '%', left: (column / width) * 100 + '%',
      height: 100 / height + '%', width: 100 / width + '%',
    });
    panel.querySelector('.read').textContent =
      (volume ? 'Slice ' + (state.slice + 1) + ', row ' : 'Row ') + (row + 1) + ' of ' + height +
      ', column ' + (column + 1) + ' of ' + width + ': ' + short(value) +
      (value === 0 || full === 0 ? '' : ', ' + Math.round((Math.abs(value) / full) * 100) + ' % of the strongest evidence ' + (value < 0 ? 'against' : 'for'));
  };
  let current = 0;
  const redraw = () => draw(current);

  panels.forEach((panel, index) => {
    const stage = panel.querySelector('.stage.probe');
    stage.tabIndex = 0;
    stage.setAttribute('role', 'application');
    stage.setAttribute('aria-describedby', root.dataset.hint);
    const at = (event) => {
      const box = stage.getBoundingClientRect();
      const [height, width] = flat(index).shape;
      const place = (part, size) => Math.min(size - 1, Math.max(0, Math.floor(part * size)));
      probes[index] = [place((event.clientY - box.top) / box.height, height), place((event.clientX - box.left) / box.width, width)];
      read(index);
    };
    stage.addEventListener('pointermove', at);
    stage.addEventListener('pointerdown', at);
    stage.addEventListener('keydown', (event) => {
      const [height, width] = flat(index).shape;
      if (event.key === 'Escape') { probes[index] = undefined; read(index); return; }
      const step = event.shiftKey ? 10 : 1;
      const move = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key];
      const jump = { Home: 0, End: width - 1 }[event.key];
      if (!move && jump === undefined) return;
      event.preventDefault();
      const [row, column] = probes[index] || [Math.floor(height / 2), Math.floor(width / 2)];
      const within = (value, size) => Math.min(size - 1, Math.max(0, value));
      probes[index] = move ? [within(row + move[0], height), within(column + move[1], width)] : [row, jump];
      read(index);
    });
    stage.addEventListener('focus', () => {
      if (probes[index] || !stage.matches(':focus-visible')) return;
      const { shape: [, width], values } = flat(index);
      const top = values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
      probes[index] = [Math.floor(top / width), top % width];
      read(index);
    });
  });

  const opacity = control('opacity');
  opacity.addEventListener('input', () => {
    state.limit = Number(opacity.value) / 100;
    root.querySelector('[data-opacity]').textContent = opacity.value + ' %';
    opacity.setAttribute('aria-valuetext', opacity.value + ' per cent');
    redraw();
  });
  const colormap = control('colormap');
  colormap.addEventListener('change', () => {
    state.colormap = colormap.value;
    kept[state.filter === 'symmetric' ? 'two' : 'one'] = state.colormap;
    redraw();
  });
  const resampling = control('resampling');
  resampling.addEventListener('change', () => { state.resampling = resampling.value; redraw(); });
  all(root, '[data-control=filter]').forEach((radio) => radio.addEventListener('change', () => {
    state.filter = radio.value;
    state.colormap = colormap.value = kept[state.filter === 'symmetric' ? 'two' : 'one'];
    redraw();
  }));
  all(root, '[data-control=under]').forEach((radio) => radio.addEventListener('change', () => {
    state.under = radio.value;
    redraw();
  }));
  const side = control('original');
  if (side) side.addEventListener('change', () => all(root, '.views').forEach((views) => views.classList.toggle('alone', !side.checked)));
  const box = control('box');
  if (box) box.addEventListener('change', () => { state.box = box.checked; redraw(); });
  const slice = control('slice');
  if (slice) slice.addEventListener('input', () => {
    state.slice = Number(slice.value) - 1;
    root.querySelector('[data-slice]').textContent = slice.value + ' of ' + slice.max;
    redraw();
  });
  root.querySelector('.bench').classList.add('live');
  root.querySelector('.bench').classList.toggle('many', panels.length > 1);
  const more = root.querySelector('.more');
  more.addEventListener('click', () => {
    const unfolded = root.querySelector('.controls').classList.toggle('unfolded');
    more.setAttribute('aria-expanded', String(unfolded));
    more.textContent = unfolded ? 'Less' : 'More';
  });
  root.querySelector('.controls').hidden = false;
  tabs(root, (index) => { current = index; redraw(); });
  if (panels.length === 1) redraw();
  addEventListener('beforeprint', () => panels.forEach((_, index) => draw(index)));
};
all(document, '[data-bench]').forEach(bench);
})();
`;
