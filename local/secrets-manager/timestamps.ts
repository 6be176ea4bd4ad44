/** The time as the AWS JSON protocol writes it: seconds since the epoch, with a fraction. */
export function now(): number {
  return Date.now() / 1000;
}
