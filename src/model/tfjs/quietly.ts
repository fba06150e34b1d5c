/* eslint-disable no-console -- what TensorFlow.js prints is held back here, nothing is printed */

/** The lines that TensorFlow.js and its WebAssembly loader print while a backend starts; an error or one line of ours says the same. */
const THEIRS = [
  /^wasm streaming compile failed/,
  /^falling back to ArrayBuffer instantiation/,
  /^(RuntimeError: )?Aborted\(/,
  /^failed to asynchronously prepare wasm/,
  /^Initialization of backend \w+ failed/,
  /^Make sure the server can serve the `\.wasm` file/,
  /^The kernel '.*' for backend '.*' is already registered/,
  /^\w+ backend was already registered/,
  /^Platform \w+ has already been set/,
];

/** How many calls are running, and the functions that they replaced. */
let running = 0;

/**
 * Does `work` without these lines on the console. Whatever else is printed
 * meanwhile, by anyone, passes; afterwards the console is as it was.
 */
export async function quietly<T>(work: () => Promise<T>): Promise<T> {
  if (running > 0) return work();
  running++;
  const { warn, error } = console;
  const filtered =
    (print: (...words: unknown[]) => void) =>
    (...words: unknown[]): void => {
      // the loader keeps the function for later, when nothing is held back any more
      const isTheirs = running > 0 && THEIRS.some((pattern) => pattern.test(String(words[0])));
      if (!isTheirs) print.apply(console, words);
    };
  const [ownWarn, ownError] = [filtered(warn), filtered(error)];
  console.warn = ownWarn;
  console.error = ownError;
  try {
    return await work();
  } finally {
    running--;
    // unless other code has put a function there meanwhile
    if (console.warn === ownWarn) console.warn = warn;
    if (console.error === ownError) console.error = error;
  }
}
