import { createRequire } from 'node:module';

/** The version in `package.json`, which lies three folders up in the repository and in the package alike. */
export function version(): string {
  const { version } = createRequire(import.meta.url)('../../../package.json') as {
    version: string;
  };
  return version;
}
