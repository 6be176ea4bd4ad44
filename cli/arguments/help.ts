import { columns } from './columns.ts';
import { helpOf, isRequired, typedAs } from './parameters.ts';
import type { Parameters } from './parameters.ts';

/** A line of help for each parameter. */
export function parameterList(parameters: Parameters): string {
  return columns(
    Object.entries(parameters).map(([name, schema]) => {
      const help = helpOf(schema);
      const notes = [
        ...(isRequired(schema) ? ['required'] : []),
        ...(help.repeatable === true ? ['may be repeated'] : []),
      ];
      return [
        typedAs(name, help),
        notes.length === 0 ? help.summary : `${help.summary} (${notes.join(', ')})`,
      ];
    }),
  );
}

/** A section of a help text with its title; nothing if it is empty. */
export const section = (title: string, body: string) =>
  body === '' ? '' : `${title}\n${body.replace(/^/gm, '  ')}`;

/** The sections of a help text, separated by empty lines. */
export const sections = (...all: string[]) => all.filter((one) => one !== '').join('\n\n');
