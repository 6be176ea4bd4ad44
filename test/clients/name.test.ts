import { describe, expect, test } from '@jest/globals';
import { nameProblem } from '../../src/clients/name.ts';

describe('name', () => {
  test.each([
    ['Persian with a zero-width non-joiner', 'فروشگاه کتاب\u200Cها'],
    ['Sinhala with a zero-width joiner', 'ශ්\u200Dරී ලංකා'],
    ['an emoji of several characters', 'Family 👩\u200D👧\u200D👦'],
    ['combining marks', 'Ame\u0301lie'],
    ['right-to-left text', 'חנות ספרים'],
    ['quotes and signs', `O'Neil & "Søns" <1>`],
    ['100 characters of two UTF-16 units each', '𝔸'.repeat(100)],
  ])('may contain %s', (_, name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  test.each([
    ['nothing', '', 'must not be empty'],
    ['101 characters', 'a'.repeat(101), 'must have at most 100 characters, and has 101'],
    ['101 characters outside the BMP', '𝔸'.repeat(101), 'must have at most 100 characters, and has 101'],
    ['a line feed', 'Acme\nOrders', 'must not contain a line break (U+000A)'],
    ['a carriage return', 'Acme\r', 'must not contain a line break (U+000D)'],
    ['a next line', 'Acme\u0085Orders', 'must not contain a line break (U+0085)'],
    ['a line separator', 'Acme\u2028Orders', 'must not contain a line break (U+2028)'],
    ['a tab', 'Acme\tOrders', 'must not contain a control character (U+0009)'],
    ['an escape', 'Acme\u001B[31m', 'must not contain a control character (U+001B)'],
    ['a right-to-left override', 'Acme \u202Egnp', 'must not contain a direction mark (U+202E)'],
    ['a left-to-right mark', 'Acme\u200E', 'must not contain a direction mark (U+200E)'],
    ['an isolate', '\u2067Acme\u2069', 'must not contain a direction mark (U+2067)'],
    ['a zero-width space', 'Ac\u200Bme', 'must not contain an invisible character (U+200B)'],
    ['a byte order mark', '\uFEFFAcme', 'must not contain an invisible character (U+FEFF)'],
    ['a lone surrogate', 'Acme \uD83D', 'must not contain half of a character (U+D83D)'],
    ['a character for private use', 'Acme \uE000', 'must not contain a character for private use (U+E000)'],
    [
      'an undefined character',
      'Acme \u0378',
      'must not contain a character that Unicode does not define (U+0378)',
    ],
    ['spaces only', '   ', 'must contain a character that can be seen'],
    ['joiners only', '\u200D\u200C', 'must contain a character that can be seen'],
    ['a Hangul filler only', '\u3164', 'must contain a character that can be seen'],
  ])('with %s is refused with its cause', (_, name, problem) => {
    expect(nameProblem(name)).toBe(problem);
  });
});
