import { FieldErrors, type AppError, type ErrorKind } from '../core/errors.js';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  gone: 410,
  limit: 429,
  unavailable: 503,
};

/** The HTTP status of an error that a person may be shown. */
export function statusOf(error: AppError | FieldErrors): number {
  if (error instanceof FieldErrors) return STATUS.invalid;
  return error.code === 'request.too_large' ? 413 : STATUS[error.kind];
}
