import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const project = fileURLToPath(new URL('..', import.meta.url));

/** Files of src/ that belong to no folder, and that every folder may import. */
const base = [
  'clock',
  'env',
  'errors',
  'function-log',
  'json-without-null',
  'log',
  'metrics',
  'result',
  'unavailable',
];

/** The parts that each part may import from, besides itself and `base`. Type imports count too. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  'src/caller': [],
  'src/keys': [],
  'src/clients': [],
  'src/oauth': ['src/clients', 'src/keys'],
  'src/sessions': ['src/oauth', 'src/clients'],
  'src/storage': ['src/sessions', 'src/oauth', 'src/clients', 'src/keys'],
  'src/http': ['src/sessions', 'src/oauth', 'src/clients', 'src/keys'],
  'src/capabilities': ['src/storage', 'src/sessions', 'src/oauth', 'src/clients', 'src/keys'],
  lambda: [
    'src/capabilities',
    'src/http',
    'src/storage',
    'src/sessions',
    'src/oauth',
    'src/clients',
    'src/keys',
  ],
  lib: ['src/http', 'src/storage', 'src/oauth', 'src/clients', 'src/keys'],
  bin: ['lib', 'cli', 'local'],
  'cli/arguments': [],
  local: ['lib', 'cli/arguments', 'src/storage', 'src/clients'],
  cli: ['lib', 'local', 'cli/arguments', 'src/storage', 'src/oauth', 'src/clients', 'src/keys'],
};

/** Packages that src/oauth, src/sessions, src/clients and src/keys may use: nothing of AWS. */
const protocolPackages = ['jose', 'valibot'];

function partOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  // `cli` imports `local`, and both import this.
  if (top === 'cli' && second === 'arguments') return 'cli/arguments';
  if (top !== 'src') return top;
  const name = second.replace(/\.ts$/, '');
  return base.includes(name) ? 'base' : `src/${name}`;
}

interface Import {
  readonly from: string;
  readonly to: string;
}

const sources = ['src', 'lambda', 'lib', 'bin', 'local', 'cli'].flatMap((folder) =>
  readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => `${folder}/${file}`),
);
const imports: Import[] = sources.flatMap((from) => {
  const code = readFileSync(join(project, from), 'utf8');
  return [...code.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    ([, named, dynamic]) => ({ from, to: named ?? dynamic ?? '' }),
  );
});
const own = imports
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({ from, to: relative(project, join(project, dirname(from), to)) }));

describe('imports between the parts of the project', () => {
  test.each(Object.keys(allowed))('%s imports only the parts of its row', (part) => {
    const targets = [...(allowed[part] ?? []), part, 'base', 'package.json'];
    const wrong = own.filter(({ from, to }) => partOf(from) === part && !targets.includes(partOf(to)));
    expect(wrong).toStrictEqual([]);
  });

  test('every source file belongs to a part that is listed', () => {
    expect([...new Set(sources.map(partOf))].filter((part) => !(part in allowed))).toStrictEqual([]);
  });

  test('no files of src/ import each other in a circle, not even for types', () => {
    const targetsOf = new Map<string, string[]>();
    for (const { from, to } of own) targetsOf.set(from, [...(targetsOf.get(from) ?? []), to]);
    const circles: string[] = [];
    const finished = new Set<string>();
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      if (finished.has(file)) return;
      for (const target of targetsOf.get(file) ?? []) visit(target, [...path, file]);
      finished.add(file);
    };
    for (const file of targetsOf.keys()) if (file.startsWith('src/')) visit(file, []);
    expect(circles).toStrictEqual([]);
  });
});

describe('imports of packages', () => {
  test.each(['src/oauth', 'src/sessions', 'src/clients', 'src/keys'])('%s uses nothing of AWS', (part) => {
    const packages = imports
      .filter(({ from, to }) => partOf(from) === part && !to.startsWith('.') && !to.startsWith('node:'))
      .map(({ to }) => to);
    expect([...new Set(packages)].filter((name) => !protocolPackages.includes(name))).toStrictEqual([]);
  });
});
