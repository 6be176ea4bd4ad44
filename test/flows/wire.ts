import assert from 'node:assert/strict';

export interface JsonResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The members of the JSON object in the body; none if the body is empty. */
  readonly body: Record<string, unknown>;
}

/** Sends a request and reads the response, whose body must be empty or a JSON object. */
export async function call(url: string, init: RequestInit = {}): Promise<JsonResponse> {
  const response = await fetch(url, init);
  const text = await response.text();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  assert.ok(typeof body === 'object' && body !== null, text);
  return { status: response.status, headers: response.headers, text, body: { ...body } };
}

export const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
export const bearer = (token: unknown) => ({ authorization: `Bearer ${String(token)}` });

export const postForm = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  call(url, { method: 'POST', body: new URLSearchParams(form), headers });

export const postJson = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  call(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
