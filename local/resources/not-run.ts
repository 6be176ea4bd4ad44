/** What the templates of a stage say and this machine does not do, without an effect on any request. */
export interface NotRun {
  /** A resource that is not created. */
  resource(type: string): void;
  property(type: string, property: string): void;
  /** A function whose code does not run, and why. */
  function(functionName: string, reason: string): void;
  output(name: string): void;
  /** One line for what is skipped, and one for functions, or none. */
  lines(stageName: string): string[];
}

export function notRun(): NotRun {
  const skipped = new Map<string, number>();
  const functions: string[] = [];
  const count = (name: string) => skipped.set(name, (skipped.get(name) ?? 0) + 1);
  return {
    resource: (type) => void count(type),
    property: (type, property) => void count(`${type}.${property}`),
    function: (functionName, reason) => void functions.push(`${functionName} (${reason})`),
    output: (name) => void count(`output ${name}`),
    lines(stageName) {
      const names = [...skipped].map(([name, times]) => `${name} (${times})`).toSorted();
      return [
        ...(names.length > 0 ? [`  ${stageName}: not run on this machine: ${names.join(', ')}`] : []),
        ...(functions.length > 0
          ? [`  ${stageName}: functions that do not run on this machine: ${functions.join(', ')}`]
          : []),
      ];
    },
  };
}
