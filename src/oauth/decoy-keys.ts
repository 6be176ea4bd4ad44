import type { AssertionAlgorithm, ClientKey } from '../clients/client.ts';

/**
 * Public keys of no one: their private keys were discarded when they were generated. A signature is verified with one of
 * them where a client has no key for it, or does not exist, so that the time of a refusal does not reveal which. They are
 * constants because generating an RSA key takes a tenth of a second, which the first request would reveal.
 */
const decoyKeys: readonly ClientKey[] = [
  {
    kty: 'RSA',
    kid: 'decoy',
    kidSource: 'thumbprint',
    algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    n: '3hRJl-ZeD0mmoyeMSkJ54Heb4O2mQHrHz20sBhanGqfG6SqUiS0FPgZAMHUOo4g_OY1Dry5BbvcY9AzclkhBu2AEr1G7B03bFW6IvBZUiOY3TTKORPXga5zXQp338rZr4EGcFyHEy3v_1NiYXWHwdGaa56InJkZrOjr6QtAvZ3g9ivOpUfM0Ie2HusCQTAPOfqWJpOu4XvR-0EzGGTkZZKoEEOJJIDWhUJ1kMrL34Syv5TX8aIj1BZ8T-HyarF3JZYj6U3iYOuxbsMDc5jvobWLi-N1rN_3BjPnoZQbV4YVz3rg8fkmt3uGQkksp9KNI_-8Wx5H9uw2cCvS8BHe6IQ',
    e: 'AQAB',
  },
  {
    kty: 'EC',
    kid: 'decoy',
    kidSource: 'thumbprint',
    algorithms: ['ES256'],
    x: 'QqQtGjWfw_TYWPT-vv7CL_ixBrVZYYGhStHXwu6slc4',
    y: '7bhxy4uqkuDpGyJskxFf-ZE5cwoOACKeWMDSQgh3taQ',
    crv: 'P-256',
  },
  {
    kty: 'EC',
    kid: 'decoy',
    kidSource: 'thumbprint',
    algorithms: ['ES384'],
    x: 'i-GsFKSN2nm201t_nZsvUTYeJ30j5bxvGiAHW3REvr4-NF7Bkcry2inS8NWkYBxj',
    y: 'x3DiDA2-NKZTWrv6DH7_Sh6LJzkay3aIVs5VKP2EG2lHgsMDulFYycgMkGtIfSWb',
    crv: 'P-384',
  },
  {
    kty: 'EC',
    kid: 'decoy',
    kidSource: 'thumbprint',
    algorithms: ['ES512'],
    x: 'ATpXti9oOXJY2UGk7w3lV0QzHA9p8MBnCjnebtFJSREp3ACyREuaM_-gbKYwJ9Gl2fZEuzIzyXv2gQfP1P6ZRUjg',
    y: 'AO-O_G9V1ou7ZsLZXC0jaxlvD-lnP2hsaRRM78C94bnUc4l1TC7sSSucOHLRcaNLU3RW2iFnTBlmcn9dWTCu5z6t',
    crv: 'P-521',
  },
  {
    kty: 'OKP',
    kid: 'decoy',
    kidSource: 'thumbprint',
    algorithms: ['EdDSA', 'Ed25519'],
    crv: 'Ed25519',
    x: 'oPSHJ5WL6DfeAeEZeN1ebsB9ZiFWuCzR0F9iu7jAqUo',
  },
];

/** A key for `alg` that verifies no signature. */
export const decoyKeyFor = (alg: AssertionAlgorithm): ClientKey | undefined =>
  decoyKeys.find(({ algorithms }) => algorithms.includes(alg));
