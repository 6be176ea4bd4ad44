import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { cliBundle } from '../../build/cli-bundle.js';
import { afterThisFile } from '../after-this-test.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

describe('bundle of the command line', () => {
  let outputs: Metafile['outputs'];
  let main: string;
  beforeAll(async () => {
    const options = {
      ...cliBundle,
      absWorkingDir: project,
      entryPoints: ['cli/main.ts'],
      outdir: 'dist',
      write: false,
    };
    ({ outputs } = (await build(options)).metafile);
    const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === 'cli/main.ts');
    assert.ok(found);
    main = found[0];
  });

  /** An output and those that are loaded together with it. */
  function loadedWith(path: string, loaded = new Map<string, Metafile['outputs'][string]>()) {
    const output = outputs[path];
    if (!output || loaded.has(path)) return loaded;
    loaded.set(path, output);
    for (const { kind, path: imported } of output.imports) {
      if (kind === 'import-statement') loadedWith(imported, loaded);
    }
    return loaded;
  }

  test('loads no AWS client for the help', () => {
    const inputs = [...loadedWith(main).values()].flatMap((output) => Object.keys(output.inputs));
    expect(inputs).toContain('cli/usage.ts');
    expect(inputs.filter((file) => /node_modules\/(@aws-sdk|@smithy|dynalite)\//.test(file))).toStrictEqual(
      [],
    );
  });

  test('has less than 150 KB for the help', () => {
    const bytes = [...loadedWith(main).values()].map((output) => output.bytes);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(150_000);
  });
});

describe('bin/postern.js in a checkout', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'postern-checkout-'));
  afterThisFile(() => rmSync(checkout, { recursive: true, force: true }));
  const run = (...words: string[]) =>
    execFileSync(process.execPath, [join(checkout, 'bin/postern.js'), ...words], { encoding: 'utf8' });
  const edit = (file: string, from: string, to: string) => {
    const path = join(checkout, file);
    const source = readFileSync(path, 'utf8');
    assert.ok(source.includes(from));
    writeFileSync(path, source.replace(from, to));
  };
  const builds = () =>
    readdirSync(join(checkout, 'node_modules/.cache/postern-cli')).filter((name) =>
      name.startsWith('build-'),
    );

  beforeAll(() => {
    for (const part of ['bin', 'build', 'cli', 'lib', 'local', 'src', 'package.json', 'tsconfig.json']) {
      cpSync(join(project, part), join(checkout, part), { recursive: true });
    }
    // Its own folder, so that it has a cache of its own.
    mkdirSync(join(checkout, 'node_modules'));
    for (const name of readdirSync(join(project, 'node_modules'))) {
      if (name === '.cache') continue;
      symlinkSync(join(project, 'node_modules', name), join(checkout, 'node_modules', name));
    }
    run('--version');
  });

  test('is bundled once while nothing changes', () => {
    const before = builds();
    run('--version');
    expect(builds()).toStrictEqual(before);
  });

  test('runs what a source says after a change, however soon', () => {
    edit('cli/client-list.ts', "summary: '", "summary: 'Changed: ");
    expect(run('client', '--help')).toContain('Changed: ');
    edit('cli/client-list.ts', "summary: 'Changed: ", "summary: 'Again: ");
    expect(run('client', '--help')).toContain('Again: ');
  });

  test('fails if a source cannot be bundled, instead of running what was built before', () => {
    const path = join(checkout, 'cli/client-show.ts');
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, 'export const clientShow = (;');
    expect(() =>
      execFileSync(process.execPath, [join(checkout, 'bin/postern.js'), '--help'], { stdio: 'pipe' }),
    ).toThrow(/client-show\.ts:1:/);
    writeFileSync(path, source);
  });
});
