export const clientCredentialsGrantType = 'client_credentials';
/** RFC 7523 §2.1 */
export const jwtBearerGrantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** RFC 8693 §2.1 */
export const tokenExchangeGrantType = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** `grant_type` values of the token endpoint. */
export const grantTypes = [clientCredentialsGrantType, jwtBearerGrantType, tokenExchangeGrantType] as const;
