/** What the files beside a model say of pictures, field by field. */
import test from 'ava';
import { stepsOfProcessor, stepsOfTimm } from '../../../src/model/beside/huggingface.js';
import { sizeAfter, stepsBeside } from '../../../src/model/beside/steps.js';

const NAME = 'preprocessor_config.json';
const square = (side: number) => ({ width: side, height: side });
const HALF = { mean: [0.5], deviation: [0.5] };

const CASES: readonly (readonly [string, Record<string, unknown>, object])[] = [
  [
    'ViT: stretched',
    {
      image_processor_type: 'ViTImageProcessor',
      do_resize: true,
      size: { height: 224, width: 192 },
      resample: 2,
      do_rescale: true,
      rescale_factor: 0.00392156862745098,
      do_normalize: true,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.25, 0.5],
    },
    {
      resize: { width: 192, height: 224 },
      filter: 'bilinear',
      scale: 255,
      mean: [0.5, 0.5, 0.5],
      deviation: [0.5, 0.25, 0.5],
    },
  ],
  [
    'an old ViT: one number',
    { feature_extractor_type: 'ViTFeatureExtractor', size: 224, resample: 3 },
    { resize: square(224), filter: 'bicubic', scale: 255, ...HALF },
  ],
  [
    'CLIP: the shorter side, then the centre',
    { size: { shortest_edge: 256 }, do_center_crop: true, crop_size: { height: 224, width: 224 } },
    { resize: { shortest: 256 }, crop: square(224), filter: 'bilinear', scale: 255, ...HALF },
  ],
  [
    'an old CLIP: one number for each',
    {
      feature_extractor_type: 'CLIPFeatureExtractor',
      size: 224,
      do_center_crop: true,
      crop_size: 224,
    },
    { resize: { shortest: 224 }, crop: square(224), filter: 'bilinear', scale: 255, ...HALF },
  ],
  [
    'DeiT: stretched, then the centre',
    { image_processor_type: 'DeiTImageProcessor', size: 256, do_center_crop: true, crop_size: 224 },
    { resize: square(256), crop: square(224), filter: 'bilinear', scale: 255, ...HALF },
  ],
  [
    'ConvNeXt: a share of the shorter side',
    {
      image_processor_type: 'ConvNextImageProcessor',
      size: { shortest_edge: 224 },
      crop_pct: 0.875,
    },
    { resize: { shortest: 256 }, crop: square(224), filter: 'bilinear', scale: 255, ...HALF },
  ],
  [
    'a large ConvNeXt: stretched',
    { image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 384 }, crop_pct: 1 },
    { resize: square(384), filter: 'bilinear', scale: 255, ...HALF },
  ],
  [
    'LeViT: 256 / 224 of the size',
    {
      image_processor_type: 'LevitImageProcessor',
      size: { shortest_edge: 112 },
      do_center_crop: true,
      crop_size: 112,
    },
    { resize: { shortest: 128 }, crop: square(112), filter: 'bilinear', scale: 255, ...HALF },
  ],
  [
    'MobileViT: blue first, no mean',
    {
      size: { shortest_edge: 288 },
      do_center_crop: true,
      crop_size: { height: 256, width: 256 },
      do_normalize: false,
      do_flip_channel_order: true,
    },
    { resize: { shortest: 288 }, crop: square(256), filter: 'bilinear', scale: 255, bgr: true },
  ],
  [
    'EfficientNet: shifted, divided twice',
    {
      image_processor_type: 'EfficientNetImageProcessor',
      size: { height: 260, width: 260 },
      rescale_factor: 1 / 127.5,
      rescale_offset: true,
      image_mean: [0],
      image_std: [0.5],
      resample: 0,
    },
    { resize: square(260), filter: 'nearest', scale: 127.5, mean: [1], deviation: [0.25] },
  ],
  [
    'nothing but a scale',
    { do_resize: false, do_normalize: false, rescale_factor: 0.5 },
    { scale: 2 },
  ],
];

for (const [title, config, expected] of CASES) {
  test(title, (t) => {
    t.deepEqual(stepsOfProcessor(config, NAME), expected);
  });
}

test('timm: the share of the picture that is kept, or squashed', (t) => {
  const own = {
    input_size: [3, 224, 192],
    crop_pct: 0.875,
    interpolation: 'bicubic',
    mean: [0.1],
    std: [2],
  };
  const rest = {
    crop: { width: 192, height: 224 },
    filter: 'bicubic',
    scale: 255,
    mean: [0.1],
    deviation: [2],
  };
  t.deepEqual(stepsOfTimm({ pretrained_cfg: own }, 'config.json'), {
    resize: { shortest: 219 },
    ...rest,
  });
  t.deepEqual(stepsOfTimm({ pretrained_cfg: { ...own, crop_mode: 'squash' } }, 'config.json'), {
    resize: { width: 219, height: 256 },
    ...rest,
  });
  t.is(stepsOfTimm({ model_type: 'vit' }, 'config.json'), undefined);
});

const files =
  (all: Record<string, unknown>) =>
  (name: string): Promise<Uint8Array | undefined> =>
    Promise.resolve(
      Object.hasOwn(all, name)
        ? new TextEncoder().encode(
            typeof all[name] === 'string' ? all[name] : JSON.stringify(all[name]),
          )
        : undefined,
    );

test('the best file speaks; one that is not understood is named', async (t) => {
  t.deepEqual(await stepsBeside(files({})), {});
  const tm = { packageName: '@teachablemachine/image', labels: ['a', 'b'], imageSize: 96 };
  t.deepEqual(await stepsBeside(files({ 'metadata.json': tm })), {
    steps: { resize: { shortest: 96 }, crop: square(96), scale: 127, mean: [1], deviation: [1] },
    why: 'metadata.json beside the model',
  });
  t.deepEqual(await stepsBeside(files({ 'metadata.json': { author: 'me' } })), {});
  t.deepEqual(await stepsBeside(files({ 'config.json': '[', 'metadata.json': '3' })), {});
  const odd = await stepsBeside(files({ [NAME]: { size: { longest_edge: 3 } } }));
  t.is(odd.steps, undefined);
  t.regex(odd.why ?? '', /none used: preprocessor_config.json .* width is|size/);
  t.deepEqual(sizeAfter({ resize: { shortest: 3 } }), undefined);
  t.deepEqual(sizeAfter({ resize: { width: 2, height: 3 } }), [3, 2]);
});
