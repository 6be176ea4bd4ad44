import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../src/oauth/', import.meta.url));

test('the protocol knows nothing of AWS, nor of HTTP', async () => {
  const entryPoints = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => folder + file);
  const { metafile } = await build({
    entryPoints,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    outdir: 'out',
    logLevel: 'error',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.length).toBeGreaterThan(entryPoints.length);
  const foreign = inputs.filter((input) =>
    /@aws-sdk|@smithy|aws-cdk|src\/http\/|src\/storage\/dynamodb/.test(input),
  );
  expect(foreign).toStrictEqual([]);
});
