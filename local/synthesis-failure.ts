import { relative, sep } from 'node:path';
import * as v from 'valibot';

/** What is known of a run of the CDK app that failed. */
interface FailedRun {
  /** Everything that the app printed. */
  readonly output: string;
  /** The content of `validation-report.json`, where the app has written one. */
  readonly report?: string | undefined;
  /** Folder that the places in the message are relative to. */
  readonly folder: string;
}

/** Why the CDK app did not synthesize, with file and line where they are known: a line for each reason. */
export function synthesisFailure({ output, report, folder }: FailedRun): string | undefined {
  const lines = output.replaceAll('\r', '').split('\n');
  const reasons = [
    ...bundlingErrors(lines, folder),
    ...(/\bValidationFailed\b/.test(output) ? findings(report, folder) : []),
  ];
  return reasons.length > 0
    ? [...new Set(reasons)].join('\n')
    : (exception(lines, folder) ?? lastLine(lines));
}

/**
 * Errors of esbuild: `✘ [ERROR] message` with the place on a line of its own where it bundles a function, and
 * `file:line:column: ERROR: message` where it compiles a module of the app.
 */
function bundlingErrors(lines: readonly string[], folder: string): string[] {
  const bundled = lines.flatMap((line, index) => {
    const [, message] = /^\S* ?\[ERROR\] (.*)$/.exec(line) ?? [];
    if (message === undefined) return [];
    const [, place] = /^\s+(\S+:\d+:\d+):$/.exec(lines[index + 2] ?? '') ?? [];
    return [place === undefined ? message : `${relativeTo(folder, place)}: ${message}`];
  });
  if (bundled.length > 0) return bundled;
  return lines.flatMap((line) => {
    const [, place, message] = /^(\S+:\d+:\d+): ERROR: (.*)$/.exec(line) ?? [];
    return place === undefined ? [] : [`${relativeTo(folder, place)}: ${message}`];
  });
}

const ValidationReport = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    pluginReports: v.array(
      v.object({
        violations: v.array(
          v.object({
            ruleName: v.string(),
            description: v.string(),
            violatingConstructs: v.array(
              v.object({
                constructPath: v.optional(v.string(), ''),
                stackTraces: v.optional(v.array(v.string()), []),
              }),
            ),
          }),
        ),
      }),
    ),
  }),
);

/** The findings of cdk-nag, and of the CDK's own validations, by construct and rule. */
function findings(report: string | undefined, folder: string): string[] {
  const parsed = v.safeParse(ValidationReport, report);
  if (!parsed.success) return [];
  return parsed.output.pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, description, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath, stackTraces }) => {
        const place = placeIn(stackTraces.join('\n').split('\n'), folder);
        return `${place === undefined ? '' : `${place}: `}${constructPath}: ${ruleName}: ${description}`;
      }),
    );
}

/** The message of an exception, its place in the project, and the construct that it is about. */
function exception(lines: readonly string[], folder: string): string | undefined {
  // The CDK writes the code of its own errors as `«Code» message`, and Node.js writes `Error: message`.
  const first = lines.findIndex((line) =>
    /^(?:Uncaught )?(?:«\w+» |[\w.]*(?:Error|Exception)\b.*: )/.test(line),
  );
  if (first === -1) return undefined;
  const length = lines
    .slice(first + 1)
    .findIndex((line) => /^\s+(?:at |\.\.\.)|^Relates to|^Node\.js v|^$/.test(line));
  const message = lines
    .slice(first, length === -1 ? undefined : first + 1 + length)
    .map((line) => line.trim())
    .join(' ');
  const rest = lines.slice(first + 1);
  const place = placeIn(rest, folder);
  const construct = constructIn(rest);
  return [place, construct, message.replace(/^(?:Uncaught )?(?:«\w+» |Error: )/, '')]
    .filter((part) => part !== undefined)
    .join(': ');
}

/** The last component of each line of the tree that the CDK prints below `Relates to construct:`. */
function constructIn(lines: readonly string[]): string | undefined {
  const names = lines.flatMap((line) => /^\s+└─ (\S+)/.exec(line)?.[1] ?? []);
  return names.length === 0 ? undefined : names.join('/');
}

/** The innermost frame of a stack trace that is code of the project: `lib/stage.ts:12`. */
function placeIn(lines: readonly string[], folder: string): string | undefined {
  for (const line of lines) {
    const [, file, lineNumber] =
      /[ (]((?:file:\/\/)?\/?[^\s():]*(?::[\\/])?[^\s():]+\.[cm]?[jt]s):(\d+):\d+\)?$/.exec(line) ?? [];
    if (file === undefined || /[\\/]node_modules[\\/]/.test(file)) continue;
    const path = relativeTo(folder, file);
    if (!path.startsWith('..')) return `${path}:${lineNumber}`;
  }
  return undefined;
}

function relativeTo(folder: string, place: string): string {
  const path = place.replace(/^file:\/\//, '');
  if (!path.startsWith('/') && !/^[A-Za-z]:/.test(path)) return path;
  return relative(folder, path).replaceAll(sep, '/');
}

const lastLine = (lines: readonly string[]) =>
  lines.map((line) => line.trim()).findLast((line) => line !== '' && !/^(?:at |Node\.js v|└─)/.test(line));
