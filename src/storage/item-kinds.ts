/** A kind of item that a stage stores in DynamoDB. */
export interface ItemKind {
  readonly table: 'clients' | 'sessions';
  /** What the partition key `pk` begins with. */
  readonly prefix: string;
  /** What follows the prefix; undefined for a kind with a single item. */
  readonly id?: string;
  /** When DynamoDB deletes the item by its time to live `expiresAt`; undefined if it is kept. */
  readonly timeToLive?: string;
}

/** Every kind of item. Stores take their keys from it, and lib/ takes the leading keys of each grant from it. */
export const itemKinds = {
  client: {
    table: 'clients',
    prefix: 'client#',
    id: 'client_id',
    timeToLive: 'of a deleted session key: when the last of its sessions has expired',
  },
  account: { table: 'clients', prefix: 'account#', id: 'mage_id' },
  subject: { table: 'clients', prefix: 'subject#', id: 'client_id or mage_id' },
  secretUse: {
    table: 'clients',
    prefix: 'secret-use#',
    id: 'client_id#secret id',
    timeToLive: 'two years after the last use of the secret',
  },
  keySet: { table: 'clients', prefix: 'key-set' },
  session: {
    table: 'sessions',
    prefix: 'session#',
    id: 'hash of the session token',
    timeToLive: 'when the session expires',
  },
  revokedToken: {
    table: 'sessions',
    prefix: 'revoked#',
    id: 'jti',
    timeToLive: 'when the token expires',
  },
  use: {
    table: 'sessions',
    prefix: 'used#',
    id: 'hash of an assertion or a DPoP proof',
    timeToLive: 'when it could no longer be replayed',
  },
} as const satisfies Record<string, ItemKind>;

/** The pattern of all partition keys of a kind, for `dynamodb:LeadingKeys`. */
export const leadingKeys = ({ prefix, id }: ItemKind): string => (id === undefined ? prefix : `${prefix}*`);
