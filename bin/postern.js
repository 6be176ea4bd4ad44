#!/usr/bin/env node
import { versionRefusal } from './node-version.js';

const refusal = versionRefusal(process.versions.node);
if (refusal) {
  process.stderr.write('postern: ' + refusal + '\n');
  process.exitCode = 1;
} else {
  void import('./run-postern.js');
}
