/** What a function's worker is started with. */
export interface WorkerSettings {
  /** URL of the module with the handler. */
  readonly module: string;
  readonly exportName: string;
}

/** An event for the worker, as JSON: a function gets a copy of its event, as it does in AWS. */
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

/** What a worker says: that it loaded its module or could not, and how an invocation ended. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'result'; readonly payload: string | undefined }
  | { readonly kind: 'error'; readonly errorType: string; readonly errorMessage: string };
