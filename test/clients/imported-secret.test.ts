import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { importedSecretProblem } from '../../src/clients/imported-secret.ts';

const secret = '9f86d081884c7d659a2feaa0c55ad015';
const from = (alphabet: string, length: number) =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyz';
const printable = String.fromCodePoint(...Array.from({ length: 94 }, (_, index) => 0x21 + index));

describe('imported secret', () => {
  test.each<[string, () => string]>([
    ['32 hexadecimal digits', () => randomBytes(16).toString('hex')],
    ['32 hexadecimal digits in upper case', () => randomBytes(16).toString('hex').toUpperCase()],
    ['40 hexadecimal digits, as of EQP', () => randomBytes(20).toString('hex')],
    ['64 hexadecimal digits, as of GitLab', () => randomBytes(32).toString('hex')],
    ['22 characters of base64url', () => randomBytes(16).toString('base64url')],
    ['43 characters of base64url, as of Commerce Layer', () => randomBytes(32).toString('base64url')],
    ['base64 with padding', () => randomBytes(32).toString('base64')],
    ['39 digits', () => from(digits, 39)],
    ['25 lower-case letters and digits', () => from(digits + letters, 25)],
    ['32 letters and digits', () => from(digits + letters + letters.toUpperCase(), 32)],
    ['24 printable characters', () => from(printable, 24)],
    ['a prefix and 28 characters', () => `GOCSPX-${from(letters + letters.toUpperCase(), 28)}`],
    ['two UUIDs', () => `${randomUUID()}${randomUUID()}`],
  ])('is accepted if it is generated: 500 of %s', (_, generate) => {
    const refused = Array.from({ length: 500 }, generate).filter(
      (generated) => importedSecretProblem(generated) !== undefined,
    );
    expect(refused).toStrictEqual([]);
  });

  test.each([
    ['a space before it', ` ${secret}`],
    ['a space after it', `${secret} `],
    ['a tab after it', `${secret}\t`],
    ['a line break after it', `${secret}\n`],
    ['a carriage return after it', `${secret}\r`],
    ['a no-break space after it', `${secret}\u00A0`],
    ['a byte order mark before it', `\uFEFF${secret}`],
  ])('is refused with %s, and the reason', (_, given) => {
    expect(importedSecretProblem(given)).toMatch(/^begins or ends with a blank or a line break/);
  });

  test.each([
    ['a line break in it', `${secret}\n${secret}`],
    ['a letter outside ASCII', `${secret}é`],
    ['an escape', `${secret}\u001B[2J${secret}`],
  ])('is refused with %s', (_, given) => {
    expect(importedSecretProblem(given)).toMatch(/printable ASCII/);
  });

  test.each([
    ['bcrypt', '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
    ['bcrypt', '$2b$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
    ['bcrypt', '$2y$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
    ['Argon2', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWQ'],
    ['Argon2', 'argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWQ'],
    ['PBKDF2', '$pbkdf2-sha512$20000$$.c0G4XG9eVBGPvPDAwY0tLq3wTzGmTq0HCJYgHQoHLzJYqYaQ'],
    ['PBKDF2', '$pbkdf2$131000$r5WythYixti7t7b2PqfU.g$p/pDrgnbL1FFNqLrMvpJ4cEz9VY'],
    ['PBKDF2', 'pbkdf2_sha256$600000$gL9oBrJqzqYHbpQd2yPzXf$3n1L0b7b4Vg0y9y7mF0fX0lq1o0xjX0='],
    ['PBKDF2', 'pbkdf2:sha256:600000$Zk1yqC8o$6d0f0e8c8b3f5a1d2c4b6a8f0e1d3c5b'],
    ['scrypt', '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBs'],
    ['scrypt', 'scrypt:32768:8:1$Zk1yqC8o$6d0f0e8c8b3f5a1d2c4b6a8f0e1d3c5b'],
    ['yescrypt', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'],
    ['crypt', '$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/'],
    ['crypt', '$5$rounds=80000$wnsT7Yr92oJoP28r$cKhJImk5mfuSKV9b3mumNzlbstFUplKtQXXMo4G6Ep5'],
    ['crypt', '$6$qdqlH5Vw$zRkY8mN6BxBsRmFfPzK1yZ1fL0oN4oNN0iKfYw0uQkqF2hWsVfKq0Tq1'],
    ['crypt', '$apr1$TqI9WECO$LHZB2DqRlk9nObiB6vJG9.'],
    ['phpass', '$P$984478476IagS59wHZvyQMArzfx58u.'],
    ['Drupal', '$S$DrpAPgD1tDy3WHSpRFTGvVfqZ3JKBOOHCUHSX6sZAkAjWkJ9pYIq'],
    ['Django or Werkzeug', 'bcrypt_sha256$$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi'],
    ['Django or Werkzeug', 'sha1$Zk1yqC8o$2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'],
    [
      'Django or Werkzeug',
      'sha256$Zk1yqC8o$5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
    ],
    ['LDAP or Spring', '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
    ['LDAP or Spring', '{SSHA512}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr0c0blFTXXNu'],
    ['LDAP or Spring', '{bcrypt}$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi'],
    ['LDAP or Spring', '{noop}9f86d081884c7d659a2feaa0c55ad015'],
    ['SCRAM', 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'],
    ['PostgreSQL MD5', `md5${secret}`],
    ['MySQL', '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'],
    ['ASP.NET Identity', `AQAAAA${'hZ3kQ8xW7u'.repeat(8).slice(0, 78)}`],
  ])('is refused if it is a password hash: %s, %s', (name, hash) => {
    expect(importedSecretProblem(hash)).toBe(
      `is a password hash (${name}), and not the secret that the partner sends`,
    );
  });

  test.each([
    ['41 zeros', '0'.repeat(41)],
    ['40 times f', 'f'.repeat(40)],
    ['a very long run', 'x'.repeat(10_000)],
    ['a repeated syllable', 'abc'.repeat(14)],
    ['a repeated word', 'deadbeef'.repeat(4)],
    ['a repeated password', 'Password1!'.repeat(3)],
    ['a repetition with a mistake', `${'abc'.repeat(5)}d${'abc'.repeat(8)}`],
    ['runs of 4', 'aaaabbbbccccddddeeeeffff00001111'],
    ['runs of 10', `${'1'.repeat(10)}${'2'.repeat(10)}${'3'.repeat(10)}${'4'.repeat(10)}`],
    ['doubled digits in order', '112233445566778899aabbccddeeff00'],
    ['digits and letters in order', `${letters}${digits}`],
    ['digits and letters in reverse order', Array.from(`${digits}${letters}`).toReversed().join('')],
    ['hexadecimal digits in order, twice', '0123456789abcdef'.repeat(2)],
    ['two sequences that alternate', '1a2b3c4d5e6f7g8h9i0j1k2l3m4n5o6p'],
    ['rows of a keyboard', 'qwertyuiopasdfghjklzxcvbnm123456'],
    ['ones and zeros', '01101001110101110101011010101011101010010'],
    ['half a secret and a sequence', `0123456789abcdef${secret.slice(0, 16)}`],
    ['one secret of 32 bits, four times', secret.slice(0, 8).repeat(4)],
  ])('is refused if it is easy to guess: %s', (_, given) => {
    expect(importedSecretProblem(given)).toMatch(
      /^is too easy to guess: it repeats itself or follows a sequence, and has at most \d{2} bits/,
    );
  });

  test.each([
    ['31 hexadecimal digits', secret.slice(1)],
    ['38 digits', from(digits, 38)],
    ['a password', 'hunter2'],
  ])('is refused if it is too short: %s', (_, given) => {
    expect(importedSecretProblem(given)).toMatch(/characters of its kind have at most \d+ bits of entropy/);
  });

  test('is accepted with one repetition beside enough that does not repeat', () => {
    expect(importedSecretProblem(`${secret}${secret.slice(0, 8)}`)).toBeUndefined();
  });
});
