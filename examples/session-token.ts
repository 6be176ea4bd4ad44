/**
 * A partner's program: a session for an account, and its profile. It opens another session when the API responds
 * that the session has expired.
 *
 *     URL=… APPLICATION_ID=… APPLICATION_SECRET=… npx tsx examples/session-token.ts
 */
const { URL: url = '', APPLICATION_ID: id = '', APPLICATION_SECRET: secret = '' } = process.env;

async function openSession() {
  const response = await fetch(`${url}/rest/v1/app/session/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ grant_type: 'session', expires_in: 7200 }),
  });
  if (!response.ok) throw new Error(`No session: ${response.status} ${await response.text()}`);
  return (await response.json()) as { mage_id: string; ust: string };
}

let session = await openSession();

async function get(path: string): Promise<Response> {
  const call = () => fetch(url + path, { headers: { authorization: `Bearer ${session.ust}` } });
  const response = await call();
  if (response.status !== 401) return response;
  session = await openSession();
  return call();
}

const profile = await get(`/rest/v1/users/${session.mage_id}?style=summary`);
console.log(profile.status, await profile.text());
