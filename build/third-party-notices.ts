import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';

const Package = v.object({
  name: v.string(),
  version: v.string(),
  license: v.optional(v.string(), 'unknown'),
});

/** The licenses of the packages that bundles contain. `inputs` are the paths of their files. */
export function thirdPartyNotices(project: string, inputs: readonly string[]): string {
  const folders = inputs.flatMap(
    (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
  );
  const namesOf = new Map<string, string[]>();
  for (const folder of [...new Set(folders)].toSorted()) {
    const path = join(project, folder);
    const { name, version, license } = v.parse(
      Package,
      JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')),
    );
    // The text of our own license, which is beside this file.
    const text = license === 'Apache-2.0' ? 'See LICENSE.' : (licenseText(path) ?? license);
    namesOf.set(text, [...(namesOf.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...namesOf].map(([text, names]) => `${names.join('\n')}\n\n${text.trim()}\n`);
  return `The bundles of this package contain code of these packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

function licenseText(folder: string): string | undefined {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  return file !== undefined && existsSync(join(folder, file))
    ? readFileSync(join(folder, file), 'utf8')
    : undefined;
}
