import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';

/** Writes the declarations of `entries`, and of what they import, to `outdir`: not those of everything else. */
export function writeDeclarations(project: string, entries: readonly string[], outdir: string): void {
  const all = mkdtempSync(join(tmpdir(), 'postern-types-'));
  try {
    const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
    execFileSync(process.execPath, [tsc, '-p', join(project, 'build/tsconfig.json'), '--outDir', all], {
      stdio: 'inherit',
    });
    const written = new Set<string>();
    const write = (file: string): void => {
      if (written.has(file) || !existsSync(join(all, file))) return;
      written.add(file);
      const declarations = readFileSync(join(all, file), 'utf8');
      const target = join(outdir, file);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, declarations.replaceAll(relativeImport, "$1$2.js'"));
      for (const [, , imported] of declarations.matchAll(relativeImport)) {
        write(normalize(join(dirname(file), `${imported ?? ''}.d.ts`)));
      }
    };
    for (const entry of entries) write(entry.replace(/\.ts$/, '.d.ts'));
  } finally {
    rmSync(all, { recursive: true, force: true });
  }
}

/** `from './stages.ts'` */
const relativeImport = /(from ')(\.[^']*)\.ts'/g;
