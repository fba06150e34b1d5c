/** Features whose name matches and for which the function is true. */
export function featureFilterOf({
  featureRe,
  featureFilter,
}: {
  readonly featureRe?: RegExp | string;
  readonly featureFilter?: (name: string, value?: number | string) => boolean;
}): ((name: string, value?: number | string) => boolean) | undefined {
  if (featureRe === undefined && featureFilter === undefined) return undefined;
  const pattern = typeof featureRe === 'string' ? new RegExp(featureRe, 'u') : featureRe;
  return (name, value) =>
    (pattern === undefined || name.search(pattern) !== -1) &&
    (featureFilter === undefined || featureFilter(name, value));
}
