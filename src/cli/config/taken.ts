/** Which of a command's flags the configuration file gave, for code that treats them differently. */

const TAKEN = new WeakMap<object, ReadonlySet<string>>();

/** Notes the names; `flags` is the object that the command's action gets. */
export function rememberTaken(flags: object, names: Iterable<string>): void {
  TAKEN.set(flags, new Set(names));
}

/** True if `name` is in `flags` only because the project's configuration says so. */
export function isTaken(flags: object, name: string): boolean {
  return TAKEN.get(flags)?.has(name) ?? false;
}
