/** `npm run source-lines -- token < stack.txt`: the source lines of a stack that a deployed function has logged. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { projectFolder } from '../local/project-folder.ts';
import { sourceLines } from '../local/source-lines.ts';

const [name = ''] = process.argv.slice(2);
const mapFile = join(projectFolder, 'cdk.out', 'bundles', name, 'index.mjs.map');
if (name === '' || !existsSync(mapFile)) {
  process.stderr.write(
    `Usage: npm run source-lines -- FUNCTION < STACK, where FUNCTION is a folder of lambda/.\n` +
      `It reads cdk.out, which npx cdk synth writes: check out what was deployed before.\n`,
  );
  process.exit(2);
}
const map = readFileSync(mapFile, 'utf8');
process.stdout.write(sourceLines(await text(process.stdin), { mapFile, map, folder: projectFolder }));
