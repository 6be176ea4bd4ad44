/**
 * Runs the tests, `npm test`: all of them, or those whose path holds one of the arguments. The CDK app is
 * synthesized once for all journeys, and most of them share one running pair of stages.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { spec } from 'node:test/reporters';
import { synthesize } from '../local/synthesize.ts';
import { startStages } from './flows/stages.ts';

// The SDK's advice on versions of Node.js is for those who develop it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const folder = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .map((file) => folder + file)
  .toSorted();

const journeys = files.some((file) => file.includes('/flows/'));
const assembly = mkdtempSync(join(tmpdir(), 'postern-assembly-'));
if (journeys) {
  await synthesize(assembly, { commercelayer: true });
  process.env['POSTERN_ASSEMBLY'] = assembly;
}
const stages = journeys ? await startStages() : undefined;
if (stages) process.env['POSTERN_TEST_STAGES'] = JSON.stringify(stages.ready);

let passed = 0;
let failed = 0;
let skipped = 0;
const events = run({ files, concurrency: 2, timeout: 120_000 });
events.on('test:pass', ({ skip, details }) => {
  if (details.type === 'suite') return;
  if (skip === undefined) passed += 1;
  else skipped += 1;
});
events.on('test:fail', ({ details }) => {
  if (details.type !== 'suite') failed += 1;
});
for await (const text of events.compose(new spec())) process.stdout.write(text);

await stages?.stop();
rmSync(assembly, { recursive: true });
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
