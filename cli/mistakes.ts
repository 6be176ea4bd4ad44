import type * as v from 'valibot';
import { UsageError } from './failures.ts';
import { helpOf, spell, typedAs } from './parameters.ts';
import type { Parameters } from './parameters.ts';

/** The issues as sentences that never repeat what was typed. */
export function mistakes(issues: readonly v.BaseIssue<unknown>[], parameters: Parameters): UsageError {
  const sentences = issues.map(({ path, input, message }) => {
    const name = String(path?.[0]?.key);
    const schema = parameters[name];
    if (!schema) return message;
    const help = helpOf(schema);
    const spelled = spell(name, help);
    if (input !== undefined) return `${spelled} ${message}.`;
    return `${typedAs(name, help)} is missing: ${lowerFirst(help.summary)}.`;
  });
  return new UsageError([...new Set(sentences)].join('\n'));
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
