import * as v from 'valibot';

/** What help says of a parameter, and how it is typed. */
const Help = v.object({
  /** Stands for the value in help; a flag takes none. */
  takes: v.exactOptional(v.string()),
  /** Named by its place, not by `--name`. */
  positional: v.exactOptional(v.boolean()),
  repeatable: v.exactOptional(v.boolean()),
  /** The value may be left out, and is written `--name=VALUE`. */
  valueOptional: v.exactOptional(v.boolean()),
  summary: v.string(),
});
export type Help = v.InferOutput<typeof Help>;

/** The parameters of a command by their name: `tokenLifetime` is typed as `--token-lifetime`. */
export type Parameters = Readonly<v.ObjectEntries>;

/** `--name VALUE`; `schema` says whether it may be left out, and in words what it must be. */
export const option = <const Schema extends v.GenericSchema>(
  takes: string,
  summary: string,
  schema: Schema,
) => v.pipe(schema, v.metadata({ takes, summary }));

/** `--name VALUE`, any number of times. */
export const repeatable = <const Schema extends v.GenericSchema>(
  takes: string,
  summary: string,
  schema: Schema,
) => v.pipe(schema, v.metadata({ takes, summary, repeatable: true }));

/** `--name` or `--name=VALUE`; the value of the former is `true`. */
export const optionalValue = <const Schema extends v.GenericSchema>(
  takes: string,
  summary: string,
  schema: Schema,
) => v.pipe(schema, v.metadata({ takes, summary, valueOptional: true }));

/** `--name` */
export const flag = (summary: string) => v.pipe(v.optional(v.boolean(), false), v.metadata({ summary }));

/** A value without a name, after the command. */
export const argument = (takes: string, summary: string) =>
  v.pipe(v.string(), v.metadata({ takes, summary, positional: true }));

export const helpOf = (schema: Parameters[string]): Help => v.parse(Help, v.getMetadata(schema));

export const isRequired = (schema: Parameters[string]): boolean =>
  schema.type !== 'exact_optional' && schema.type !== 'optional';

/** The parameter as it is typed: `--token-lifetime`, or `CLIENT_ID`. */
export function spell(name: string, { takes = '', positional = false }: Help): string {
  return positional ? takes : `--${kebab(name)}`;
}

/** The parameter with its value: `--token-lifetime SECONDS`, `CLIENT_ID`, `--yes`. */
export function typedAs(name: string, help: Help): string {
  const { takes, positional = false, valueOptional = false } = help;
  if (positional || takes === undefined) return spell(name, help);
  return `${spell(name, help)}${valueOptional ? `[=${takes}]` : ` ${takes}`}`;
}

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
