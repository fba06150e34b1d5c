/** Colours of concepts: far apart on most pictures, for most eyes. */
const COLOURS = [
  '#ff4d4d',
  '#2f7bff',
  '#ffc400',
  '#00c08b',
  '#c04dff',
  '#ff8a1f',
  '#00b8e6',
  '#ff5fb0',
] as const;

/** The colour of concept `index`; after the eighth they repeat. */
export const conceptColour = (index: number): string => COLOURS[index % COLOURS.length];
