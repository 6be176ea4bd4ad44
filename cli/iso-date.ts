/** A NumericDate as ISO 8601. */
export const isoDate = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** The hour of a NumericDate, as ISO 8601. */
export const isoHour = (seconds: number): string => `${isoDate(seconds).slice(0, 13)}:00Z`;
