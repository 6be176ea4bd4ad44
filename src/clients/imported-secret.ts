/** Bits of entropy that an imported secret must have. */
const minimumBits = 128;

/**
 * Bits by which a secret may be described more shortly than by its length before it counts as patterned. The
 * description is a code, and a code shortens one in 2^32 random strings by 32 bits (Kraft's inequality), so that a
 * generated secret is not refused even if it is as short as permitted.
 */
const tolerance = 32;

/** Characters of a secret that are examined for patterns. */
const examinedLength = 200;

/** Forms of password hashes, and what they are called. */
const hashForms: readonly (readonly [string, RegExp])[] = [
  ['bcrypt', /^\$2[abxy]?\$\d\d\$/],
  ['Argon2', /^\$?argon2(?:id?|d)?\$/],
  ['PBKDF2', /^\$?pbkdf2[\w-]*[$:]/i],
  ['scrypt', /^(?:\$?scrypt[$:]|\$s\d\$|\$7\$)/],
  ['yescrypt', /^\$g?y\$/],
  ['crypt', /^\$(?:[1356891]|md5|sha1|apr1|bcrypt-sha256)[$,]/],
  ['phpass', /^\$[PH]\$[./\dA-Za-z]{31}$/],
  ['Drupal', /^\$S\$[./\dA-Za-z]{52}$/],
  // The two have the forms in common: Werkzeug is what Flask hashes with.
  ['Django or Werkzeug', /^(?:bcrypt|bcrypt_sha256|md5|sha(?:1|224|256|384|512))\$/],
  ['LDAP or Spring', /^\{(?:s?sha|s?md5|crypt|bcrypt|argon2|pbkdf2|scrypt|noop)[\w@-]*\}/i],
  ['SCRAM', /^SCRAM-SHA-(?:1|256)\$/],
  ['PostgreSQL MD5', /^md5[\da-f]{32}$/],
  ['MySQL', /^\*[\dA-F]{40}$/],
  ['ASP.NET Identity', /^AQAAAA[\w+/]{78}={0,2}$/],
];

const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Alphabets of secrets, the smallest first: the form of its strings, the number of characters that a secret is
 * generated from, and the characters in their order.
 */
const alphabets: readonly (readonly [RegExp, number, string])[] = [
  [/^\d*$/, 10, digits],
  [/^[\da-f]*$/i, 16, `${digits}abcdef`],
  [/^[\da-z]*$|^[\dA-Z]*$/, 36, digits + letters],
  [/^[\w.-]*$/, 64, `-.${digits}${letters.toUpperCase()}_${letters}`],
  [/^/, 95, String.fromCodePoint(...Array.from({ length: 95 }, (_, index) => 0x20 + index))],
];

/** Rows of a keyboard, for secrets of one alphabet. */
const keyboard = '1234567890qwertyuiopasdfghjklzxcvbnm';

/** Why a secret that a partner already has cannot be imported, without repeating it; undefined if it can. */
export function importedSecretProblem(secret: string): string | undefined {
  if (/^\s|\s$/.test(secret)) {
    return 'begins or ends with a blank or a line break, which HTTP clients drop in some places and send in others: import it without';
  }
  if (!/^[\x20-\x7E]+$/.test(secret)) return 'must be printable ASCII, on one line';
  const [hash] = hashForms.find(([, form]) => form.test(secret)) ?? [];
  if (hash !== undefined) {
    return `is a password hash (${hash}), and not the secret that the partner sends`;
  }
  const [, size = 95, order = ''] = alphabets.find(([form]) => form.test(secret)) ?? [];
  const bits = Math.floor(secret.length * Math.log2(size));
  if (bits < minimumBits) {
    return `is too easy to guess: ${secret.length} characters of its kind have at most ${bits} bits of entropy, and ${minimumBits} are required`;
  }
  const described = Math.floor(descriptionBits(secret, order));
  if (described >= minimumBits - tolerance) return undefined;
  return `is too easy to guess: it repeats itself or follows a sequence, and has at most ${described} bits of entropy, of which ${minimumBits} are required`;
}

/** Bits of the shortest description of a secret: an upper bound of its entropy. */
function descriptionBits(secret: string, order: string): number {
  const examined = secret.slice(0, examinedLength);
  const folded = order === order.toLowerCase() ? examined.toLowerCase() : examined;
  const symbols = Array.from(folded, (character) => order.indexOf(character));
  const descriptions = [
    adaptiveBits(symbols, order.length),
    ...strides.map((stride) => adaptiveBits(stepsIn(symbols, order.length, stride), order.length)),
    phraseBits(symbols, order.length),
  ];
  const keys = Array.from(folded, (character) => keyboard.indexOf(character));
  if (!keys.includes(-1)) {
    descriptions.push(phraseBits(keys, keyboard.length));
  }
  return Math.min(...descriptions);
}

/** Distances at which sequences are looked for: 2 for 1a2b3c4d. */
const strides = [1, 2, 3, 4];

/** The step to each symbol from the one `stride` before it, in the order of the alphabet; from 0 where there is none. */
const stepsIn = (symbols: readonly number[], size: number, stride = 1) =>
  symbols.map((symbol, index) => (symbol - (symbols[index - stride] ?? 0) + size) % size);

/**
 * Bits of an arithmetic code that learns how frequent each value is (Krichevsky and Trofimov): short for few different
 * characters, or few different steps.
 */
function adaptiveBits(values: readonly number[], size: number): number {
  const counts = new Map<number, number>();
  let bits = 0;
  for (const [index, value] of values.entries()) {
    const count = counts.get(value) ?? 0;
    bits -= Math.log2((count + 0.5) / (index + size / 2));
    counts.set(value, count + 1);
  }
  return bits;
}

/** Bits that say what follows: a single character, a repetition, or a sequence. */
const characterBits = -Math.log2(0.9);
const phraseKindBits = -Math.log2(0.05);
/** Sequences go up, go down, or stay. */
const sequenceStepBits = Math.log2(3);

/**
 * Bits of the shortest description in phrases, each of which is a single character, a repetition of what was there
 * before (Lempel and Ziv), or a sequence such as 5678, dcba or aaaa.
 */
function phraseBits(symbols: readonly number[], size: number): number {
  const { length } = symbols;
  const steps = stepsIn(symbols, size);
  const sequences = new Set([0, 1, size - 1]);
  const bits = Array.from({ length: length + 1 }, (_, index) => (index === 0 ? 0 : Infinity));
  const reach = (end: number, cost: number) => (bits[end] = Math.min(bits[end] ?? Infinity, cost));
  for (let start = 0; start < length; start += 1) {
    const before = bits[start] ?? Infinity;
    const phrase = before + phraseKindBits + Math.log2(length - start);
    reach(start + 1, before + characterBits + Math.log2(size));
    for (let from = 0; from < start; from += 1) {
      for (let end = start; end < length && symbols[end] === symbols[from + end - start]; end += 1) {
        reach(end + 1, phrase + Math.log2(start));
      }
    }
    const step = steps[start] ?? 0;
    if (start === 0 || !sequences.has(step)) continue;
    for (let end = start; end < length && steps[end] === step; end += 1) {
      reach(end + 1, phrase + sequenceStepBits);
    }
  }
  return bits[length] ?? Infinity;
}
