import { describe, expect, test } from '@jest/globals';
import { isWebOrigin, webOrigin } from '../../src/clients/web-origin.ts';

describe('origin as browsers send it', () => {
  test.each([
    'https://shop.example.com',
    'https://shop.example.com:8443',
    'http://127.0.0.1:5173',
    'http://localhost',
    'http://[::1]:3000',
    'https://xn--bcher-kva.example',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'capacitor://localhost',
  ])('is %s', (origin) => {
    expect(isWebOrigin(origin)).toBe(true);
  });

  test.each([
    ['a slash at the end', 'https://shop.example.com/', 'https://shop.example.com'],
    ['a path', 'https://shop.example.com/cart?x=1#y', 'https://shop.example.com'],
    ['upper case', 'HTTPS://Shop.Example.COM', 'https://shop.example.com'],
    ['the default port of https', 'https://shop.example.com:443', 'https://shop.example.com'],
    ['the default port of http', 'http://localhost:80', 'http://localhost'],
    ['an internationalized host', 'https://bücher.example', 'https://xn--bcher-kva.example'],
    ['a user', 'https://me@shop.example.com', 'https://shop.example.com'],
  ])('is not one with %s: %s', (_case, url, origin) => {
    expect(isWebOrigin(url)).toBe(false);
    expect(webOrigin(url)).toBe(origin);
  });

  test.each([
    'null',
    '*',
    '',
    'shop.example.com',
    'https://*.example.com',
    'https://',
    'file:///a',
    'data:,x',
  ])('is nothing for %j', (text) => {
    expect(webOrigin(text)).toBeUndefined();
  });
});
