import { expect } from '@jest/globals';
import * as v from 'valibot';

/** The units of CloudWatch (MetricDatum). */
const units = [
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Gigabytes',
  'Terabytes',
  'Bits',
  'Kilobits',
  'Megabits',
  'Gigabits',
  'Terabits',
  'Percent',
  'Count',
  'Count/Second',
  'None',
] as const;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

/**
 * A line in the embedded metric format, by its specification:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
const EmbeddedMetrics = v.looseObject({
  _aws: v.strictObject({
    Timestamp: v.pipe(v.number(), v.integer()),
    CloudWatchMetrics: v.array(
      v.strictObject({
        Namespace: v.pipe(name, v.regex(/^[^:]/)),
        Dimensions: v.pipe(v.array(v.pipe(v.array(name), v.maxLength(30))), v.minLength(1)),
        Metrics: v.pipe(
          v.array(v.strictObject({ Name: name, Unit: v.exactOptional(v.picklist(units)) })),
          v.maxLength(100),
        ),
      }),
    ),
  }),
});

interface LoggedMetric {
  readonly name: string;
  readonly value: unknown;
  readonly dimensions: readonly (readonly string[])[];
}

/** The metrics that CloudWatch would read of a line. Fails if the line violates the specification. */
export function metricsOf(line: string): LoggedMetric[] {
  const root: unknown = JSON.parse(line);
  expect(Buffer.byteLength(line)).toBeLessThan(262_144);
  if (!v.is(v.looseObject({ _aws: v.unknown() }), root)) return [];
  const parsed = v.parse(EmbeddedMetrics, root);
  return parsed['_aws'].CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) => {
    // Targets are members of the root node: strings of dimensions, which CloudWatch refuses if empty, and numbers.
    for (const dimension of Dimensions.flat()) {
      expect(parsed[dimension]).toEqual(expect.stringMatching(/^[^:].{0,1023}$/));
    }
    return Metrics.map(({ Name }) => {
      expect(Number.isFinite(parsed[Name])).toBe(true);
      return { name: Name, value: parsed[Name], dimensions: Dimensions };
    });
  });
}
