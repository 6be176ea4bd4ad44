/** Where the code of a function is. */
export interface HandlerModule {
  /** URL of the module with the handler. */
  readonly module: string;
  readonly exportName: string;
}

/** An event for an environment, as JSON: a function gets a copy of its event, as it does in AWS. */
export interface Invocation {
  readonly event: string;
  readonly context: {
    readonly functionName: string;
    readonly functionVersion: string;
    readonly invokedFunctionArn: string;
    readonly memoryLimitInMB: string;
    readonly awsRequestId: string;
    readonly logGroupName: string;
    readonly logStreamName: string;
  };
  /** Epoch milliseconds at which the function times out. */
  readonly deadline: number;
}

/** What an environment reports: that it has loaded its module or could not, and the result of an invocation. */
export type EnvironmentMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'result'; readonly payload: string | undefined }
  | { readonly kind: 'error'; readonly errorType: string; readonly errorMessage: string };

/** What the process that is debugged is told: to load a function, or to invoke it. */
export type InspectedRequest =
  | {
      readonly kind: 'load';
      readonly environmentId: number;
      readonly handler: HandlerModule;
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'invoke'; readonly environmentId: number; readonly invocation: Invocation };

/** What the process that is debugged reports: where its inspector listens, and what happens in its functions. */
export type InspectedMessage =
  | { readonly kind: 'listening'; readonly url: string | undefined }
  | { readonly kind: 'function'; readonly environmentId: number; readonly message: EnvironmentMessage }
  | { readonly kind: 'line'; readonly environmentId: number; readonly line: string };
