import { LocalFailure } from '../failure.ts';
import { contextVariable } from './context-variables.ts';
import type { RequestValue } from './context-variables.ts';

/** Understands a selection expression such as `$request.header.Authorization`. */
export function identitySource(expression: string): RequestValue {
  const [, where, name = ''] =
    /^\$(request\.header|request\.querystring|context)\.(.+)$/.exec(expression) ?? [];
  if (where === 'request.header') return ({ headers }) => headers[name.toLowerCase()];
  if (where === 'request.querystring') return ({ query }) => query[name];
  const variable = where === 'context' ? contextVariable(name) : undefined;
  if (variable) return variable;
  throw new LocalFailure(`The identity source ${expression} is not known locally`);
}
