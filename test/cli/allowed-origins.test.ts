import { describe, expect, test } from '@jest/globals';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { assertIncludes, postern } from './postern.ts';
import { emptyStage } from './stage-under-test.ts';

const database = await testDatabase();
afterThisFile(() => database.close());

const create = [
  ['client', 'create', '--stage', 'sandbox', '--name', 'Shop', '--client-id', 'shop'],
  ['--kind', 'sales_channel', '--scope', 'market:*'],
].flat();

describe('postern client create --allowed-origin', () => {
  test('registers each origin, and client show lists them', async () => {
    const stage = await emptyStage(database);
    const origins = ['https://shop.example.com', 'http://localhost:5173'];
    const { code, stdout } = await postern(
      [...create, ...origins.flatMap((origin) => ['--allowed-origin', origin]), '--json'],
      { stage },
    );
    expect(code).toBe(0);
    assertIncludes(JSON.parse(stdout), { allowedOrigins: origins });
    assertIncludes(await stage.clients.findNow('shop'), { allowedOrigins: origins });
    const shown = await postern(['client', 'show', 'shop', '--stage', 'sandbox'], { stage });
    expect(shown.stdout).toMatch(/^allowed origins +https:\/\/shop\.example\.com http:\/\/localhost:5173$/m);
  });

  test.each([
    [
      'https://Shop.example.com/cart',
      /\(--allowed-origin\) must be an origin as browsers send it: write https:\/\/shop\.example\.com\./,
    ],
    ['https://shop.example.com:443', /write https:\/\/shop\.example\.com\./],
    ['https://*.example.com', /without a wildcard, such as https:\/\/shop\.example\.com\./],
    ['null', /must be an origin as browsers send it, without a wildcard/],
    ['shop.example.com', /must be an origin as browsers send it/],
  ])('refuses %s', async (origin, message) => {
    const stage = await emptyStage(database);
    const { code, stderr } = await postern([...create, '--allowed-origin', origin], { stage });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(await stage.clients.list()).toStrictEqual([]);
  });
});
