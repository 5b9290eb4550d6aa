/** A refusal in the words of the SES v1 query API: the SDK raises `code` as the error's name. */
export class SesError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}
