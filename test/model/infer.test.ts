import test from 'ava';
import { inferLabels, inferPreprocess, preprocessByName } from '../../src/model/infer.js';

const files = (entries: Record<string, string>) => (name: string) =>
  Promise.resolve(
    Object.hasOwn(entries, name) ? new TextEncoder().encode(entries[name]) : undefined,
  );

test('labels beside the model: JSON before text, with the reason', async (t) => {
  t.deepEqual(await inferLabels(files({})), {});
  t.deepEqual(await inferLabels(files({ 'labels.txt': 'cat\ndog' })), {
    labels: ['cat', 'dog'],
    why: 'labels.txt beside the model',
  });
  const both = files({ 'labels.txt': 'cat\ndog', 'labels.json': '["horse"]' });
  t.deepEqual(await inferLabels(both), {
    labels: ['horse'],
    why: 'labels.json beside the model',
  });
});

test('a file beside the model that holds no labels is named and left aside', async (t) => {
  const { labels, why } = await inferLabels(files({ 'labels.json': '{ "cat": "dog" }' }));
  t.is(labels, undefined);
  t.regex(why!, /^none used: labels\.json must hold one label a class/);
  const next = await inferLabels(files({ 'labels.json': '[', 'labels.txt': 'cat' }));
  t.deepEqual(next, { labels: ['cat'], why: 'labels.txt beside the model' });
});

test("Teachable Machine's metadata beside the model; another file of that name says nothing", async (t) => {
  const metadata = '{ "modelName": "tm", "labels": ["mug", "pen"], "imageSize": 224 }';
  t.deepEqual(await inferLabels(files({ 'metadata.json': metadata })), {
    labels: ['mug', 'pen'],
    why: 'metadata.json beside the model',
  });
  t.deepEqual(await inferLabels(files({ 'metadata.json': '{ "author": "me" }' })), {});
});

test('preprocessing by the first of several names that is known', (t) => {
  t.deepEqual(inferPreprocess([undefined, 'model', 'resnet50']), {
    preprocess: 'caffe',
    why: "by the name 'resnet50'",
  });
  t.deepEqual(inferPreprocess(['vgg16', 'mobilenet']).preprocess, 'caffe');
  t.deepEqual(inferPreprocess(['model_1', undefined]), {});
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
