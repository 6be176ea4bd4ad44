const maximumNameLength = 100;

/** What a name must not contain. The first row that matches is the reason. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/[\n\v\f\r\u0085\p{Zl}\p{Zp}]/u, 'a line break'],
  // Trojan Source, CVE-2021-42574: they make a name look like another.
  [/\p{Bidi_Control}/u, 'a direction mark'],
  [/\p{Cc}/u, 'a control character'],
  // Persian and Indic scripts need the zero-width joiner and non-joiner (U+200C, U+200D), and so do emoji.
  [/[^\P{Cf}\u200C\u200D]/u, 'an invisible character'],
  [/\p{Cs}/u, 'half of a character'],
  [/\p{Co}/u, 'a character for private use'],
  [/\p{Cn}/u, 'a character that Unicode does not define'],
];

/** Why people cannot be shown a name, to be read after "The name"; undefined if they can. */
export function nameProblem(name: string): string | undefined {
  const { length } = Array.from(name);
  if (length === 0) return 'must not be empty';
  if (length > maximumNameLength) {
    return `must have at most ${maximumNameLength} characters, and has ${length}`;
  }
  for (const [form, what] of forbidden) {
    const [character] = form.exec(name) ?? [];
    if (character !== undefined) return `must not contain ${what} (${codePoint(character)})`;
  }
  // Spaces, and characters that are invisible by themselves
  if (!/[^\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/u.test(name)) {
    return 'must contain a character that can be seen';
  }
  return undefined;
}

/** Whether every character may be printed on an operator's terminal, within one line. */
export const isPrintable = (text: string): boolean => forbidden.every(([form]) => !form.test(text));

const codePoint = (character: string) =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
