// `npm start`
import { versionRefusal } from './node-version.js';

const refusal = versionRefusal(process.versions.node);
if (refusal) {
  process.stderr.write(refusal + '\n');
  process.exitCode = 1;
} else {
  void import('./run-start.js');
}
