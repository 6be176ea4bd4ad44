import { nameProblem } from '../../clients/name.ts';
import { errorResult } from '../../errors.ts';
import type { RequestError } from '../../errors.ts';
import { ok } from '../../result.ts';
import type { Result } from '../../result.ts';
import { isForm, parseBody, stringParameters } from '../body.ts';
import type { HttpRequest } from '../http-message.ts';

/** What a request changes of a session key. */
export interface SessionKeyChange {
  readonly applicationId: string;
  readonly label: string | undefined;
  readonly regenerate: boolean;
}

/** Parses the parameters of `PUT`. */
export function parseChange(request: HttpRequest): Result<SessionKeyChange, RequestError> {
  const members = parseBody(request);
  if (!members.ok) return members;
  const parameters = stringParameters(members.value, ['application_id', 'label']);
  if (!parameters.ok) return parameters;
  const applicationId = parseApplicationId(request, parameters.value.application_id);
  if (!applicationId.ok) return applicationId;
  const label = checkLabel(parameters.value.label);
  if (!label.ok) return label;
  const regenerate = parseFlag(members.value.get('regenerate_secret'), request);
  if (regenerate === undefined) {
    return errorResult('invalid_request', 'regenerate_secret must be true or false.');
  }
  if (label.value === undefined && !regenerate) {
    return errorResult(
      'invalid_request',
      'There is nothing to change: send a label, or regenerate_secret as true.',
    );
  }
  return ok({ applicationId: applicationId.value, label: label.value, regenerate });
}

/** Which session key a request deletes. */
export interface SessionKeyDeletion {
  readonly applicationId: string;
  readonly revokeSessions: boolean;
}

/**
 * Parses the parameters of `DELETE`. Both may be in the query or the body: not every HTTP client sends a body with DELETE, whose meaning RFC 9110
 * §9.3.5 leaves open.
 */
export function parseDeletion(request: HttpRequest): Result<SessionKeyDeletion, RequestError> {
  const members = parseBody(request);
  if (!members.ok) return members;
  const parameters = stringParameters(members.value, ['application_id']);
  if (!parameters.ok) return parameters;
  const applicationId = parseApplicationId(
    request,
    request.query['application_id'],
    parameters.value.application_id,
  );
  if (!applicationId.ok) return applicationId;
  const { revoke_sessions: inQuery } = request.query;
  const inBody = members.value.get('revoke_sessions');
  const given = [
    ...(isAbsent(inQuery) ? [] : [flags.get(inQuery)]),
    ...(isAbsent(inBody) ? [] : [parseFlag(inBody, request)]),
  ];
  if (given.includes(undefined)) {
    return errorResult('invalid_request', 'revoke_sessions must be true or false.');
  }
  if (new Set(given).size > 1) {
    return errorResult('invalid_request', 'revoke_sessions differs in the query and the body.');
  }
  return ok({ applicationId: applicationId.value, revokeSessions: given.includes(true) });
}

/** The id of the requested session key: that in the path, or else that in the query or the body. */
function parseApplicationId(
  { pathParameters }: HttpRequest,
  ...elsewhere: readonly (string | undefined)[]
): Result<string, RequestError> {
  const given = [pathParameters['application_id'], ...elsewhere].filter(
    (id) => id !== undefined && id !== '',
  );
  const [id] = given;
  if (id === undefined) return errorResult('invalid_request', 'application_id is missing.');
  if (new Set(given).size > 1) {
    return errorResult('invalid_request', 'application_id is given twice, with two values.');
  }
  return ok(id);
}

/** The label in a request, which becomes the name of the client. */
export function checkLabel(label: string | undefined): Result<string | undefined, RequestError> {
  const problem = label === undefined ? undefined : nameProblem(label);
  return problem === undefined ? ok(label) : errorResult('invalid_request', `label ${problem}.`);
}

/** RFC 6749 §3.2: an empty value counts as absent. */
const isAbsent = (value: unknown) => value === undefined || value === '';

const flags: ReadonlyMap<unknown, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** Every value of a form is a string. In JSON a flag must be a boolean. Undefined if it is neither true nor false. */
function parseFlag(value: unknown, request: HttpRequest): boolean | undefined {
  if (isAbsent(value)) return false;
  if (isForm(request)) return flags.get(value);
  return typeof value === 'boolean' ? value : undefined;
}
