import * as v from 'valibot';

/** How a parameter is typed, and its line of help. */
const Help = v.object({
  /** The placeholder of its value in help; a flag has none. */
  takes: v.exactOptional(v.string()),
  /** Identified by its position, not by `--name`. */
  positional: v.exactOptional(v.boolean()),
  repeatable: v.exactOptional(v.boolean()),
  /** Whether the value may be left out; it is written `--name=VALUE`. */
  valueOptional: v.exactOptional(v.boolean()),
  summary: v.string(),
});
export type Help = v.InferOutput<typeof Help>;

/** The parameters of a command by name: `tokenLifetime` is typed as `--token-lifetime`. */
export type Parameters = Readonly<v.ObjectEntries>;

/** `--name VALUE`. `schema` determines whether it may be left out, and its messages say what the value must be. */
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

/** `--name` or `--name=VALUE`. Without a value it is `true`. */
export const optionalValue = <const Schema extends v.GenericSchema>(
  takes: string,
  summary: string,
  schema: Schema,
) => v.pipe(schema, v.metadata({ takes, summary, valueOptional: true }));

/** `--name` */
export const flag = (summary: string) => v.pipe(v.optional(v.boolean(), false), v.metadata({ summary }));

/** A value without a name, after the words of the command. */
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
