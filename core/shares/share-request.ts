import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Entrance } from '../../prisma/generated/enums.js';
import { AppError } from '../errors.js';
import { attachmentSource } from './attachment-source.js';
import { cleanFileName } from './file-name.js';
import { parseRecipients, requireRecipients } from './recipients.js';

export const MAX_FILES = 10;
export const MAX_MESSAGE_LENGTH = 1000;
export const LIFETIMES_DAYS = [1, 7, 30] as const;
export const DEFAULT_LIFETIME_DAYS = 7;

/** Postgres takes no zero byte. */
const plainText = z.string().refine((text) => !text.includes('\0'));

// Control characters but tab and line feed, and marks of direction: they could hide what a message says.
const UNSAFE_IN_MESSAGE =
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** What every entrance turns a person's wish into. */
export const shareRequest = z.strictObject({
  entrance: z.enum(Entrance),
  /** `slack:<trigger id>`, `discord:<interaction id>`, `portal:<form id>`: the same wish has the same key. */
  requestKey: plainText.min(3).max(200),
  emails: z.array(z.string().max(320)).max(100),
  files: z
    .array(
      z.strictObject({
        name: z.string().max(4096),
        contentType: plainText.max(255).default('application/octet-stream'),
        sizeBytes: z.number().int().nonnegative(),
        source: attachmentSource,
      }),
    )
    .max(100),
  message: z.string().max(20_000).default(''),
  lifetimeDays: z.number().int().default(DEFAULT_LIFETIME_DAYS),
});

export type ShareRequest = z.input<typeof shareRequest>;
export type CheckedShareRequest = z.output<typeof shareRequest>;

/**
 * The request with clean names, checked addresses and a trimmed message.
 * @throws AppError invalid for the first thing that a person has to mend
 */
export function checkShareRequest(
  input: ShareRequest,
  limits: { maxFileBytes: number },
): CheckedShareRequest {
  const parsed = shareRequest.safeParse(input);
  if (!parsed.success) throw new AppError('invalid', 'request.malformed', {}, { cause: parsed.error });
  const request = parsed.data;
  const files = request.files.map((file) => ({ ...file, name: cleanFileName(file.name) }));
  checkFiles(files, limits.maxFileBytes);
  const emails = requireRecipients(parseRecipients(request.emails.join(', ')));
  const message = request.message.replace(/\r\n?/g, '\n').replace(UNSAFE_IN_MESSAGE, '').trim();
  if (message.length > MAX_MESSAGE_LENGTH) {
    throw new AppError('invalid', 'share.message_too_long', { max: MAX_MESSAGE_LENGTH });
  }
  if (!LIFETIMES_DAYS.some((days) => days === request.lifetimeDays)) {
    throw new AppError('invalid', 'share.lifetime', {});
  }
  return { ...request, files, emails, message };
}

/**
 * The files alone, so that a platform can refuse them before it asks for anything else.
 * @throws AppError invalid for none, too many, an empty one or one over the limit
 */
export function checkFiles(
  files: readonly { name: string; sizeBytes: number }[],
  maxFileBytes: number,
): void {
  if (files.length === 0) throw new AppError('invalid', 'file.none', {});
  if (files.length > MAX_FILES) throw new AppError('invalid', 'file.too_many', { max: MAX_FILES });
  for (const { name, sizeBytes } of files) {
    if (sizeBytes === 0) throw new AppError('invalid', 'file.empty', { name });
    if (sizeBytes > maxFileBytes) {
      throw new AppError('invalid', 'file.too_large', { name, sizeBytes, limitBytes: maxFileBytes });
    }
  }
}

/** Tells two requests under one key apart: SHA-256 (hex) over what the sender asked for. */
export function hashRequest(accountId: string, request: CheckedShareRequest): string {
  const { emails, files, message, lifetimeDays } = request;
  return createHash('sha256')
    .update(JSON.stringify([accountId, emails, files, message, lifetimeDays]))
    .digest('hex');
}
