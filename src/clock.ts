/** The time in seconds since the epoch, a NumericDate of RFC 7519 §2. Passed in, so that tests own the time. */
export type Clock = () => number;

export const systemClock: Clock = () => Math.floor(Date.now() / 1000);
