import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { labelsBeside, preprocessByName } from '../../src/cli/guess.js';
import { emptyFolder } from '../helpers/command.js';

test('labels in the folder of the model', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'm'));
  const model = join(folder, 'm', 'model.json');
  await writeFile(model, '{}');
  t.is(labelsBeside(model), undefined);
  await writeFile(join(folder, 'm', 'labels.txt'), 'cat');
  t.is(labelsBeside(model), join(folder, 'm', 'labels.txt'));
  await writeFile(join(folder, 'm', 'labels.json'), '["cat"]');
  t.is(labelsBeside(join(folder, 'm')), join(folder, 'm', 'labels.json'));
  t.is(labelsBeside('https://example.org/model.json'), undefined);
  t.is(labelsBeside(join(folder, 'nothing')), undefined);
});

test('preprocessing by the names of keras.applications, and by no others', (t) => {
  t.is(preprocessByName('mobilenet_0.25_224'), 'tf');
  t.is(preprocessByName('mobilenetv2_1.00_224'), 'tf');
  t.is(preprocessByName('MobilenetV3large'), 'none');
  t.is(preprocessByName('resnet50'), 'caffe');
  t.is(preprocessByName('resnet50v2'), 'tf');
  t.is(preprocessByName('vgg16'), 'caffe');
  t.is(preprocessByName('densenet121'), 'torch');
  t.is(preprocessByName('efficientnetb0'), 'none');
  t.is(preprocessByName('my-network'), undefined);
});
