import { columns } from './layout.ts';
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
