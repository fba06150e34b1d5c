/** Warnings about a picture that was read: kept beside it, since a picture is plain data. */
import type { Picture } from '../explanation.js';

const remarks = new WeakMap<object, readonly string[]>();

/** Notes something that users of the picture must know. */
export function remark(picture: Picture, text: string): Picture {
  remarks.set(picture, [...remarksOn(picture), text]);
  return picture;
}

/** What was noted; explanations of the picture have it among their warnings. */
export function remarksOn(picture: object): readonly string[] {
  return remarks.get(picture) ?? [];
}
