/** The one place that cleans what the command prints: names from outside must not steer a terminal. */
import { oneLine, visible } from '../../formatters/html/escape.js';

/** Text with every control character made visible; line breaks of ours stay. */
export const clean = (text: string): string => visible(text).replaceAll('\r', '\u240d');

/** The same for a name within a line. */
export const cleanName = (text: string): string => oneLine(text);

/** JSON in which nothing steers a terminal, and which still says the same. */
export function cleanJson(value: unknown, space = 2): string {
  return JSON.stringify(value, null, space).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
