import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { itemKinds } from '../src/storage/item-kinds.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(project, file), 'utf8');
const documents = [
  ...readdirSync(project).filter((file) => file.endsWith('.md')),
  ...['docs', 'bench'].flatMap((folder) =>
    readdirSync(join(project, folder), { encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => `${folder}/${file}`),
  ),
];

test('each test that docs/conformance.md names is there', () => {
  const rows = read('docs/conformance.md').matchAll(/^\|.*\| *([^|]+?) *\|$/gm);
  const named = [...rows]
    .map(([, tests = '']) => tests)
    .filter((tests) => tests !== 'test' && !/^-+$/.test(tests))
    .flatMap((tests) => tests.split(', '));
  expect(named.length).toBeGreaterThan(40);
  for (const name of named) assert.ok(existsSync(join(project, 'test', `${name}.test.ts`)), name);
});

test.each(documents)('each link from one document to a file leads to it: %j', (document) => {
  for (const [, target = ''] of read(document).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
    assert.ok(existsSync(join(project, dirname(document), target)), `${target} in ${document}`);
  }
});

test('docs/design.md has a row for each kind of item', () => {
  const rows = [...read('docs/design.md').matchAll(/^\| (\w+) +\| (clients|sessions) +\| `([^`<]+)/gm)];
  expect(rows.map(([, kind, table, prefix]) => [kind, table, prefix])).toStrictEqual(
    Object.entries(itemKinds).map(([kind, { table, prefix }]) => [kind, table, prefix]),
  );
});
