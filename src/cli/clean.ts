/** The one place that cleans what the command prints: names from outside must not steer a terminal. */
import { oneLine, visible } from '../../formatters/html/escape.js';
import { jsonText } from '../../formatters/shared/json-text.js';

/** Text with every control character made visible; line breaks of ours stay. */
export const clean = (text: string): string => visible(text).replaceAll('\r', '\u240d');

/** The same for a name within a line. */
export const cleanName = (text: string): string => oneLine(text);

/** JSON with the same meaning, in which nothing steers a terminal. */
export const cleanJson = (value: unknown, space = 2): string => jsonText(value, space);
