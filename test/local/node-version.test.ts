import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { versionRefusal } from '../../bin/node-version.js';

test.each(['20.19.0', '20.20.2', '21.0.0', '24.1.0', '100.0.0', '24.0.0-nightly2025'])(
  'version of Node.js › 20.19 and everything later is accepted: %s',
  (version) => {
    assert.equal(versionRefusal(version), undefined, version);
  },
);

test.each(['20.18.3', '20.2.0', '19.9.0', '18.20.8', '9.11.2'])(
  'version of Node.js › an earlier one is refused with both versions: %s',
  (version) => {
    expect(versionRefusal(version)).toBe(`Postern needs Node.js 20.19 or later, and this is ${version}.`);
  },
);

test('version of Node.js › it is the one that package.json demands', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(engines.node).toBe('>=20.19');
});
