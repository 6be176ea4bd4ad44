/** What an `AWS::Lambda::Function` of a template comes to on this machine. */
export interface FunctionSettings {
  readonly functionName: string;
  readonly functionArn: string;
  /** URL of the module in the function's asset. */
  readonly module: string;
  readonly exportName: string;
  /** The whole environment: the template's, and what Lambda adds. */
  readonly environment: Readonly<Record<string, string>>;
  readonly memorySize: number;
  readonly timeoutSeconds: number;
  readonly logGroupName: string;
  /** Takes each line that the function prints. */
  readonly log: (line: string) => void;
}
