/** The time in seconds since the epoch, a NumericDate (RFC 7519 §2). Passed in, so that tests control the time. */
export type Clock = () => number;

export const systemClock: Clock = () => Math.floor(Date.now() / 1000);
