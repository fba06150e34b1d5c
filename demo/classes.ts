/** What the demo's classifier tells apart, and what it must ignore: names and code points of emoji. */

export interface Drawing {
  readonly name: string;
  /** Hexadecimal code point, which names the file. */
  readonly code: string;
}

/** In the order of the classifier's outputs. */
export const CLASSES: readonly Drawing[] = [
  { name: 'cat', code: '1f408' },
  { name: 'dog', code: '1f415' },
  { name: 'elephant', code: '1f418' },
  { name: 'penguin', code: '1f427' },
  { name: 'butterfly', code: '1f98b' },
  { name: 'fish', code: '1f420' },
  { name: 'car', code: '1f697' },
  { name: 'sailing boat', code: '26f5' },
  { name: 'house', code: '1f3e0' },
  { name: 'guitar', code: '1f3b8' },
  { name: 'banana', code: '1f34c' },
  { name: 'sunflower', code: '1f33b' },
];

/** Drawings of nothing the classifier knows. */
export const DISTRACTORS: readonly Drawing[] = [
  { name: 'maple leaf', code: '1f341' },
  { name: 'star', code: '2b50' },
  { name: 'cloud', code: '2601' },
  { name: 'mushroom', code: '1f344' },
  { name: 'key', code: '1f511' },
  { name: 'bell', code: '1f514' },
  { name: 'gem', code: '1f48e' },
  { name: 'football', code: '26bd' },
  { name: 'moon', code: '1f319' },
  { name: 'heart', code: '2764' },
  { name: 'scissors', code: '2702' },
  { name: 'hat', code: '1f3a9' },
  { name: 'pencil', code: '270f' },
  { name: 'balloon', code: '1f388' },
  { name: 'gift', code: '1f381' },
  { name: 'cookie', code: '1f36a' },
];
