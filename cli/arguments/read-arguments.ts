import { parseArgs } from 'node:util';
import type * as v from 'valibot';
import { helpOf, kebab, spell, typedAs } from './parameters.ts';
import type { Help, Parameters } from './parameters.ts';
import { mostSimilar, UsageError } from './usage-error.ts';

/** What was typed, by the names of the parameters: strings, lists of strings, and true for flags. */
export type TypedArguments = Readonly<Record<string, string | string[] | true>>;

/**
 * Parses what follows the words of a command. `parseArgs` only splits it, because its error messages repeat what was
 * typed, which may be a secret in the wrong place.
 */
export function readArguments(words: readonly string[], parameters: Parameters): TypedArguments {
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

  const positions = all.filter((one) => one.positional === true);
  const typed: Record<string, string | string[] | true> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const known = options.get(token.name);
    if (!known || !token.rawName.startsWith('--')) throw unknownOption(token.rawName, options, positions);
    const value = valueOf(token, known);
    const before = typed[known.name];
    if (known.repeatable === true && value !== true) {
      typed[known.name] = [...(Array.isArray(before) ? before : []), value];
    } else {
      if (before !== undefined) throw new UsageError(`${token.rawName} is given twice: give it once.`);
      typed[known.name] = value;
    }
  }

  for (const token of tokens) {
    if (token.kind !== 'positional') continue;
    const position = positions.shift();
    if (!position) throw tooManyValues(all);
    typed[position.name] = token.value;
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
  // A single hyphen means standard input.
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
  positions: readonly Help[],
): UsageError {
  const known = [...options.keys()];
  const name = rawName.replace(/^-+/, '');
  const [position] = positions;
  if (position && !rawName.startsWith('--')) {
    return new UsageError(
      `There is no option ${rawName} here. A ${position.takes} that begins with a hyphen comes last, after --`,
    );
  }
  if (known.includes('secret-stdin') && name.includes('secret')) {
    return new UsageError(
      `There is no option ${rawName}: a secret in an argument is seen by other programs and kept by the shell. Pipe it in, with --secret-stdin`,
    );
  }
  const meant = mostSimilar(name, known);
  return new UsageError(
    `There is no option ${rawName}${meant === undefined ? ' here.' : `. Did you mean --${meant}?`}`,
  );
}

function tooManyValues(all: readonly Help[]): UsageError {
  const placeholders = all.filter(({ positional }) => positional === true).map(({ takes }) => takes);
  return new UsageError(
    placeholders.length === 0
      ? 'There is a value without an option before it. Quote a value that contains spaces.'
      : `There is more than ${placeholders.join(' ')}. Quote a value that contains spaces.`,
  );
}

/** The issues of parsed arguments, as sentences that never repeat what was typed. */
export function usageErrorOf(issues: readonly v.BaseIssue<unknown>[], parameters: Parameters): UsageError {
  const sentences = issues.map(({ path, input, message }) => {
    const name = String(path?.[0]?.key);
    const schema = parameters[name];
    if (!schema) return message;
    const help = helpOf(schema);
    const spelled = spell(name, help);
    if (input !== undefined) return `${spelled} ${message}.`;
    return `${typedAs(name, help)} is missing: ${lowerFirst(help.summary)}.`;
  });
  return new UsageError([...new Set(sentences)].join('\n'));
}

const lowerFirst = (sentence: string) => sentence.charAt(0).toLowerCase() + sentence.slice(1);
