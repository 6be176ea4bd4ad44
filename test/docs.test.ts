import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
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

describe('docs/conformance.md', () => {
  const rows = read('docs/conformance.md').matchAll(/^\|.*\| *([^|]+?) *\|$/gm);
  const named = [...rows]
    .map(([, tests = '']) => tests)
    .filter((tests) => tests !== 'test' && !/^-+$/.test(tests))
    .flatMap((tests) => tests.split(', '));

  test('names the test of each rule', () => {
    expect(named.length).toBeGreaterThan(40);
  });

  test.each([...new Set(named)])('names a test that exists: %s', (name) => {
    expect(existsSync(join(project, 'test', `${name}.test.ts`))).toBe(true);
  });
});

describe('documents', () => {
  const links = documents.flatMap((document) => {
    const matches = read(document).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g);
    const targets = new Set([...matches].map(([, target = '']) => target));
    return [...targets].map((target) => [document, target] as const);
  });

  test.each(links)('%s links to a file that exists: %s', (document, target) => {
    expect(existsSync(join(project, dirname(document), target))).toBe(true);
  });
});

describe('docs/design.md', () => {
  test('has a row for each kind of item', () => {
    const rows = [...read('docs/design.md').matchAll(/^\| (\w+) +\| (clients|sessions) +\| `([^`<]+)/gm)];
    expect(rows.map(([, kind, table, prefix]) => [kind, table, prefix])).toStrictEqual(
      Object.entries(itemKinds).map(([kind, { table, prefix }]) => [kind, table, prefix]),
    );
  });
});
