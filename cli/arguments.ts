import { parseArgs } from 'node:util';
import { UsageError } from './failures.ts';
import { nearest } from './nearest.ts';
import { helpOf, kebab } from './parameters.ts';
import type { Help, Parameters } from './parameters.ts';

/** What was typed, by the names of parameters: texts, lists of texts, and true for flags. */
export type Typed = Readonly<Record<string, string | string[] | true>>;

/**
 * Reads what follows the words of a command. `parseArgs` splits it and leaves the judgement to us: its own
 * messages repeat what was typed, which may be a secret in the wrong place.
 */
export function readArguments(words: readonly string[], parameters: Parameters): Typed {
  const all = Object.entries(parameters).map(([name, schema]) => ({ name, ...helpOf(schema) }));
  const options = new Map(all.filter((one) => one.positional !== true).map((one) => [kebab(one.name), one]));
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      [...options].map(([spelled, { takes, valueOptional = false }]) => [
        spelled,
        { type: takes === undefined || valueOptional ? 'boolean' : 'string' },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const places = all.filter((one) => one.positional === true);
  const typed: Record<string, string | string[] | true> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const known = options.get(token.name);
    if (!known || !token.rawName.startsWith('--')) throw unknownOption(token.rawName, options, places);
    const value = valueOf(token, known);
    const before = typed[known.name];
    if (known.repeatable === true && value !== true) {
      typed[known.name] = [...(Array.isArray(before) ? before : []), value];
    } else {
      if (before !== undefined) throw new UsageError(`${token.rawName} is there twice: give it once.`);
      typed[known.name] = value;
    }
  }

  for (const token of tokens) {
    if (token.kind !== 'positional') continue;
    const place = places.shift();
    if (!place) throw tooMany(all);
    typed[place.name] = token.value;
  }
  return typed;
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function valueOf(
  { rawName, value, inlineValue }: OptionToken,
  { takes, valueOptional = false }: Help,
): string | true {
  if (valueOptional) return value ?? true;
  if (takes === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value: write ${rawName} alone.`);
    return true;
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${rawName} ${takes}`);
  // A hyphen alone stands for standard input.
  if (inlineValue !== true && value !== '-' && value.startsWith('-')) {
    throw new UsageError(
      `${rawName} needs a value: ${rawName} ${takes}. One that begins with a hyphen is written ${rawName}=${takes}`,
    );
  }
  return value;
}

function unknownOption(
  rawName: string,
  options: ReadonlyMap<string, unknown>,
  places: readonly Help[],
): UsageError {
  const known = [...options.keys()];
  const name = rawName.replace(/^-+/, '');
  const [place] = places;
  if (place && !rawName.startsWith('--')) {
    return new UsageError(
      `There is no option ${rawName} here. A ${place.takes} that begins with a hyphen comes last, after --`,
    );
  }
  if (known.includes('secret-stdin') && name.includes('secret')) {
    return new UsageError(
      `There is no option ${rawName}: a secret in an argument is seen by other programs and kept by the shell. Pipe it in, with --secret-stdin`,
    );
  }
  const meant = nearest(name, known);
  return new UsageError(
    `There is no option ${rawName}${meant === undefined ? ' here.' : `. Did you mean --${meant}?`}`,
  );
}

function tooMany(all: readonly Help[]): UsageError {
  const places = all.filter(({ positional }) => positional === true).map(({ takes }) => takes);
  return new UsageError(
    places.length === 0
      ? 'There is a value without an option before it. Quote a value that has spaces.'
      : `There is more than ${places.join(' ')}. Quote a value that has spaces.`,
  );
}
