/** A model that only the plugin beside it understands; for `--model`. */
import { fakeClassifier } from '../helpers/fake-model.js';

export default { engine: 'fake', network: fakeClassifier({ name: 'fake network' }) };

export const labels = ['tiger cat', 'bull mastiff', 'tabby, tabby cat', 'black-and-tan hound'];
export const preprocess = 'tf';
