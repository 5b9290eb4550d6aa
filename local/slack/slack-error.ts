/** A refusal as Slack words it: `code` is the `error` of the answer, `detail` its further fields. */
export class SlackError extends Error {
  constructor(
    readonly code: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(code);
  }
}
