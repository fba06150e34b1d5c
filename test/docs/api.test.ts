/** The reference that `npm run docs:api` writes: everything that the package exports says what it is. */
import test from 'ava';
import { readFile } from 'node:fs/promises';
import { Application, TSConfigReader, TypeDocReader, type DeclarationReflection } from 'typedoc';

test('every export has a comment, and every entry of the package is in the reference', async (t) => {
  t.timeout(5 * 60_000);
  const app = await Application.bootstrap({ logLevel: 'Error' }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  const project = await app.convert();
  t.truthy(project);
  const modules = project!.children ?? [];
  const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const entries = Object.values(exports).filter((to) => typeof to === 'object');
  t.is(modules.length, entries.length);
  const bare = modules.flatMap((module) =>
    (module.children ?? [])
      .filter((child) => !isDocumented(child))
      .map((child) => `${module.name}: ${child.name}`),
  );
  t.deepEqual(bare, [], 'these need a comment that says what they are: it becomes the reference');
});

function isDocumented(child: DeclarationReflection): boolean {
  const target = child.isReference() ? child.getTargetReflectionDeep() : child;
  const signatures = 'signatures' in target ? (target as DeclarationReflection).signatures : [];
  return target.hasComment() || (signatures ?? []).some((signature) => signature.hasComment());
}
