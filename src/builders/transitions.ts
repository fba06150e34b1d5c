import { invalid, requireNumber } from './checks.js';

/**
 * The fields of a `transition-features` record, checked: one row for each class that the sequence
 * comes from, one number for each class that it goes to.
 *
 * @param coefficients `coefficients[from][to]`, or an object of objects by class name; missing pairs are 0
 * @example
 * transitions(['O', 'B'], { O: { O: 2.5, B: 1 }, B: { O: 0.5 } });
 */
export function transitions(
  classNames: readonly string[],
  coefficients:
    readonly (readonly number[])[] | Readonly<Record<string, Readonly<Record<string, number>>>>,
): {
  readonly classNames: readonly string[];
  readonly coefficients: readonly (readonly number[])[];
} {
  if (new Set(classNames).size !== classNames.length) {
    throw invalid(`the classes of a transition matrix must differ, got ${classNames.join(', ')}`);
  }
  const rows = Array.isArray(coefficients)
    ? (coefficients as readonly (readonly number[])[])
    : byName(
        classNames,
        coefficients as Readonly<Record<string, Readonly<Record<string, number>>>>,
      );
  if (
    rows.length !== classNames.length ||
    rows.some((row) => !Array.isArray(row) || row.length !== classNames.length)
  ) {
    throw invalid(
      `a transition matrix of ${classNames.length} classes must have as many rows of as many numbers, got rows of ${rows.map((row) => row?.length).join(', ')}`,
    );
  }
  return {
    classNames: [...classNames],
    coefficients: rows.map((row, from) =>
      row.map((value, to) =>
        requireNumber(value, `the transition from '${classNames[from]}' to '${classNames[to]}'`),
      ),
    ),
  };
}

function byName(
  names: readonly string[],
  coefficients: Readonly<Record<string, Readonly<Record<string, number>>>>,
): number[][] {
  const stray = [coefficients, ...Object.values(coefficients)]
    .flatMap((row) => Object.keys(row))
    .find((name) => !names.includes(name));
  if (stray !== undefined) {
    throw invalid(
      `the transition matrix names a class '${stray}', the classes are ${names.join(', ')}`,
    );
  }
  const own = (object: object | undefined, name: string): unknown =>
    object !== undefined && Object.hasOwn(object, name)
      ? (object as Record<string, unknown>)[name]
      : undefined;
  return names.map((from) =>
    names.map((to) => (own(own(coefficients, from) as object | undefined, to) as number) ?? 0),
  );
}
