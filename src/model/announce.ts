/** The one thing the library says unasked: something many times slower must not go unnoticed. */

// eslint-disable-next-line no-console -- see above
let say: (message: string) => void = (message) => console.warn(message);

/** Who is told that something faster is missing. Default: `console.warn`. */
export function announceTo(listener: (message: string) => void): void {
  say = listener;
}

/** Tells it that. */
export function announce(message: string): void {
  say(message);
}
