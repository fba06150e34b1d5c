/** What a reader of pictures has to say of one: kept beside it, since a picture is plain data. */
import type { Picture } from '../explanation.js';

const remarks = new WeakMap<object, readonly string[]>();

/** Notes something about a picture that whoever believes in it must know. */
export function remark(picture: Picture, text: string): Picture {
  remarks.set(picture, [...remarksOn(picture), text]);
  return picture;
}

/** What was noted; explanations of the picture say it among their warnings. */
export function remarksOn(picture: object): readonly string[] {
  return remarks.get(picture) ?? [];
}
