import { en, type MessageCode, type MessageParams } from './messages/en.js';
import type { Phrase } from './messages/messages.js';

/** What an edge does with an error; each edge keeps a total `Record<ErrorKind, …>`. */
export type ErrorKind =
  'invalid' | 'unauthenticated' | 'forbidden' | 'not_found' | 'gone' | 'limit' | 'unavailable';

/**
 * The one expected error. `kind` says what an edge does, `code` is what a person greps for and the
 * catalogue's key, `message` is the English text and safe to show, `cause` is for the log.
 */
export class AppError<C extends MessageCode = MessageCode> extends Error {
  override readonly name: string = 'AppError';
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: C,
    readonly params: MessageParams<C>,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(en[code](params as never), 'cause' in options ? { cause: options.cause } : undefined);
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Narrows to an expected error of any code, which `instanceof` alone leaves untyped. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

/** What an error says, for whoever shows it in the reader's language. */
export function phraseOf({ code, params }: AppError): Phrase {
  return { code, params } as Phrase;
}

/**
 * What cannot be had now, with the reference that the edge has made and logs: its sentence then ends with it. Any
 * other error comes back as it is.
 */
export function withReference(error: AppError, reference: string): AppError {
  const { kind, code, cause, retryAfterSeconds } = error;
  if (kind !== 'unavailable') return error;
  const options = { cause, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  return new AppError(kind, code, { ...error.params, reference }, options);
}

/** Answers for several fields of one form at once: `{ emails: AppError, files: AppError }`. */
export class FieldErrors extends Error {
  override readonly name = 'FieldErrors';

  constructor(readonly fields: Readonly<Record<string, AppError>>) {
    super(
      Object.values(fields)
        .map((error) => error.message)
        .join(' '),
    );
  }
}

/** Bytes that came from storage are not those that were stored there. */
export class WrongBytes extends Error {
  override readonly name = 'WrongBytes';
}

/** Whether trying the same again later can help: `unavailable`, or an error that nobody expected. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof FieldErrors) return false;
  return !(error instanceof AppError) || error.kind === 'unavailable';
}
