/** Rows under headings, in columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
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

/** Lines of a label and its value; what has no value is left out. */
export function fields(values: Readonly<Record<string, string | undefined>>): string {
  return columns(
    Object.entries(values).flatMap(([label, value]) =>
      value === undefined || value === '' ? [] : [[label, value]],
    ),
  );
}

/** A NumericDate as ISO 8601. */
export const isoDate = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** A word as a shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
