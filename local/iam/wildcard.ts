/** Whether `value` matches a pattern of the IAM language: `*` is any run of characters, `?` any one. */
export function matchesWildcard(pattern: string, value: string): boolean {
  const source = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (character) => {
    if (character === '*') return '.*';
    return character === '?' ? '.' : `\\${character}`;
  });
  return new RegExp(`^${source}$`, 's').test(value);
}
