import { columns } from './arguments/columns.ts';

/** Lines of a label and its value, or several values below each other. A label without a value is left out. */
export function fields(values: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  return columns(
    Object.entries(values).flatMap(([label, value]) =>
      [value ?? []]
        .flat()
        .filter((line) => line !== '')
        .map((line, index) => [index === 0 ? label : '', line]),
    ),
  );
}
