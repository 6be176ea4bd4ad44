import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { versionRefusal } from '../../bin/node-version.js';

describe('version of Node.js', () => {
  test.each(['20.19.0', '20.20.2', '21.0.0', '24.1.0', '100.0.0', '24.0.0-nightly2025'])(
    'is accepted from 20.19 on: %s',
    (version) => {
      expect(versionRefusal(version)).toBeUndefined();
    },
  );

  test.each(['20.18.3', '20.2.0', '19.9.0', '18.20.8', '9.11.2'])(
    'is refused before 20.19, with both versions: %s',
    (version) => {
      expect(versionRefusal(version)).toBe(`Postern needs Node.js 20.19 or later, and this is ${version}.`);
    },
  );

  test('is the one that package.json requires', () => {
    const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(engines.node).toBe('>=20.19');
  });
});
