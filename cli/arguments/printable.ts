/**
 * Characters that break a line, move a cursor or change the direction of the text. The zero-width joiners are letters'
 * own business.
 */
const unprintable = /[^\P{C}\u200C\u200D]|[\p{Zl}\p{Zp}]/gu;

/** As in a JSON string, so that a JSON text remains the same text. */
const escaped = (character: string) =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');

/** A text of several lines in which nothing but its line breaks acts on the terminal. */
export const printable = (text: string): string =>
  text.replaceAll(unprintable, (character) => (character === '\n' ? character : escaped(character)));

/** A stored string, which must not begin a line of its own. */
export const oneLine = (text: string): string => text.replaceAll(unprintable, escaped);

/** A word, quoted for a shell if necessary. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
