import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as v from 'valibot';

const sourceMapJson = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    version: v.number(),
    sources: v.array(v.string()),
    names: v.array(v.string()),
    mappings: v.string(),
  }),
);

/**
 * Replaces each place in a bundle, such as `/var/task/index.mjs:3:1234`, by the place in the source that the bundle's
 * source map has for it: `src/log.ts:12:5`.
 *
 * @param mapFile the source map, with its content `map`; its sources are relative to it
 * @param folder what the places are relative to
 */
export function sourceLines(
  text: string,
  { mapFile, map, folder }: { mapFile: string; map: string; folder: string },
): string {
  const parsed = v.parse(sourceMapJson, map);
  const payload: SourceMapPayload = { file: '', sourceRoot: '', sourcesContent: [], ...parsed };
  const sourceMap = new SourceMap(payload);
  return text.replaceAll(
    /(?:file:\/\/)?[^\s("']*index\.mjs:(\d+):(\d+)/g,
    (place, line: string, column: string) => {
      const entry = sourceMap.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in entry)) return place;
      const source = fileURLToPath(new URL(entry.originalSource, pathToFileURL(mapFile)));
      return `${relative(folder, source)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    },
  );
}
