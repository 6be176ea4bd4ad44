import { oneLine } from './printable.ts';

/** Rows below a row of headings, in columns that are as wide as their widest cell. A cell cannot begin a new row. */
export function columns(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(oneLine));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

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
