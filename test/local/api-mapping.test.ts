import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../local/template/json.ts';
import { api, createStage, lambda, permission } from './stage-of-resources.ts';
import type { ResourceText } from './stage-of-resources.ts';

const echo = `export const handler = async (event) => event;`;

const mapping = (properties: Record<string, Json>): ResourceText => ({
  Type: 'AWS::ApiGatewayV2::ApiMapping',
  Properties: {
    ApiId: { Ref: 'Api' },
    DomainName: { Ref: 'Domain' },
    Stage: { Ref: 'Stage' },
    ...properties,
  },
});

/** A stage with `GET /things/{id}`, whose API has a domain with these mappings. */
async function mapped(...mappings: ResourceText[]) {
  const { url } = await createStage(
    {
      ...api,
      ...lambda(),
      ...permission('/things/{id}'),
      Certificate: { Type: 'AWS::CertificateManager::Certificate' },
      Domain: {
        Type: 'AWS::ApiGatewayV2::DomainName',
        Properties: {
          DomainName: 'auth.example.com',
          DomainNameConfigurations: [{ CertificateArn: { Ref: 'Certificate' }, EndpointType: 'REGIONAL' }],
        },
      },
      Record: {
        Type: 'AWS::Route53::RecordSet',
        Properties: { AliasTarget: { DNSName: { 'Fn::GetAtt': ['Domain', 'RegionalDomainName'] } } },
      },
      ...Object.fromEntries(mappings.map((one, index) => [`Mapping${index}`, one])),
    },
    echo,
  );
  return async (path: string) => {
    const response = await fetch(url + path);
    const { rawPath, routeKey, requestContext } = Object(await response.json());
    return { status: response.status, rawPath, routeKey, path: requestContext?.http.path };
  };
}

const served = (path: string) => ({ status: 200, rawPath: path, routeKey: 'GET /things/{id}', path });

describe('API mapping of a local stage', () => {
  test('with a key serves its base path, which remains in the path', async () => {
    const get = await mapped(mapping({ ApiMappingKey: 'auth/v1' }));
    expect(await get('/auth/v1/things/1')).toStrictEqual(served('/auth/v1/things/1'));
    expect((await get('/auth/things/1')).status).toBe(404);
  });

  test('with a key leaves the own URL of the API as it is', async () => {
    const get = await mapped(mapping({ ApiMappingKey: 'auth/v1' }));
    expect(await get('/things/1')).toStrictEqual(served('/things/1'));
  });

  test('without a key adds no base path', async () => {
    const get = await mapped(mapping({}));
    expect(await get('/things/1')).toStrictEqual(served('/things/1'));
    expect((await get('/auth/v1/things/1')).status).toBe(404);
  });

  test('is one of several, of which the longest decides', async () => {
    const get = await mapped(mapping({ ApiMappingKey: 'auth' }), mapping({ ApiMappingKey: 'auth/v1' }));
    expect(await get('/auth/v1/things/1')).toStrictEqual(served('/auth/v1/things/1'));
    expect(await get('/auth/things/1')).toStrictEqual(served('/auth/things/1'));
  });

  test('of a stage that does not run fails with one line', async () => {
    await expect(mapped(mapping({ Stage: 'v2' }))).rejects.toThrow(/ApiMapping Mapping0: Stage: /);
  });
});
