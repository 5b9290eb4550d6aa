/** One function of the runtime, in the words of the AWS console. */
export interface LambdaFunction {
  /** The zip that is deployed. */
  zipPath: string;
  /** `file.export`, as in `index.handler`; the file may end in `.mjs`, `.js` or `.cjs`. */
  handler: string;
  env: Record<string, string>;
  timeoutMs: number;
  /** At most so many child processes, each with one invocation at a time. */
  concurrency: number;
}

/** One attempt at running a function. Every attempt at an event has the same id. */
export interface Invocation {
  requestId: string;
  /** JSON. */
  payload: string;
}

/** How an attempt ended; `payload` is the handler's result, or `{ errorType, errorMessage, trace }`, as JSON. */
export interface Outcome {
  isError: boolean;
  payload: string;
}

/** The outcome of an attempt that the runtime ended, in AWS's shape. */
export function failed(errorType: string, errorMessage: string): Outcome {
  return { isError: true, payload: JSON.stringify({ errorType, errorMessage }) };
}

/** The name that AWS would give a function of this account. */
export function functionArn(functionName: string): string {
  return `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`;
}
