/** JSON with the same meaning, in which nothing steers a terminal or turns the text around it. */
export function jsonText(value: unknown, space?: number): string {
  return JSON.stringify(value, null, space).replace(STEERING, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

// what JSON.stringify leaves as it is: C1 controls, direction marks and overrides, line separators, the BOM
const STEERING = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/gu;
