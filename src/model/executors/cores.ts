/** How many threads the machine can run at once. */

export function isNode(): boolean {
  return typeof process === 'object' && process.versions?.node !== undefined;
}

/** As many as the process may use at once, which a container may limit. */
export function coresHere(): number {
  if (!isNode()) return globalThis.navigator?.hardwareConcurrency ?? 1;
  // not imported: a bundler for pages would look for it
  return process.getBuiltinModule('node:os').availableParallelism();
}
