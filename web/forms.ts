import type { Response } from 'express';
import type { z } from 'zod';
import { AppError, FieldErrors } from '../core/errors.js';
import { statusOf } from './error-status.js';

/** What is wrong, by field; `form` is about the whole. */
export type FormErrors = Readonly<Record<string, string>>;

const FIELDS: Readonly<Record<string, string>> = {
  'account.password_wrong': 'password',
  'share.message_too_long': 'message',
  'share.lifetime': 'lifetimeDays',
};
const FIELDS_BY_SUBJECT: Readonly<Record<string, string>> = { recipients: 'emails', file: 'files' };

/** A body of exactly the fields of `schema`. @throws AppError invalid */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body ?? {});
  if (!result.success) throw new AppError('invalid', 'request.malformed', {}, { cause: result.error });
  return result.data;
}

/** Which fields an error is about; none where it is about the whole request. */
export function fieldErrors(error: AppError | FieldErrors): FormErrors {
  if (error instanceof FieldErrors) {
    return Object.fromEntries(Object.entries(error.fields).map(([field, { message }]) => [field, message]));
  }
  const [subject = ''] = error.code.split('.');
  const field = FIELDS[error.code] ?? FIELDS_BY_SUBJECT[subject];
  return field ? { [field]: error.message } : {};
}

/** Runs a form's work. What its person can mend is shown with the form again, under the error's status. */
export async function orShowAgain(
  res: Response,
  work: () => Promise<void>,
  showAgain: (errors: FormErrors) => void | Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMendable(error)) throw error;
    res.status(statusOf(error));
    if (error instanceof AppError && error.retryAfterSeconds)
      res.set('Retry-After', String(error.retryAfterSeconds));
    const fields = fieldErrors(error);
    await showAgain(Object.keys(fields).length > 0 ? fields : { form: error.message });
  }
}

function isMendable(error: unknown): error is AppError | FieldErrors {
  if (error instanceof FieldErrors) return true;
  return error instanceof AppError && ['invalid', 'unauthenticated', 'limit'].includes(error.kind);
}
