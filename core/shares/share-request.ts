import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Entrance } from '../../prisma/generated/enums.js';
import { AppError, FieldErrors } from '../errors.js';
import type { Limits } from '../ports.js';
import { attachmentSource } from './attachment-source.js';
import { cleanFileName } from './file-name.js';
import { findRecipientsProblem, parseRecipients } from './recipients.js';

export const MAX_FILES = 10;
export const MAX_MESSAGE_LENGTH = 1000;
export const LIFETIMES_DAYS = [1, 7, 30] as const;
export const DEFAULT_LIFETIME_DAYS = 7;

type FileLimits = Pick<Limits, 'maxFileBytes' | 'blockedFileTypes'>;

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
export function checkShareRequest(input: ShareRequest, limits: FileLimits): CheckedShareRequest {
  const { request, problems } = readShareRequest(input, limits);
  const [first] = Object.values(problems);
  if (first) throw first;
  return request;
}

/**
 * The same for a form, which shows each thing to mend beside its field: `files`, `emails`, `message`, `lifetimeDays`.
 * @throws FieldErrors for every wrong field at once; AppError invalid for what no form sends
 */
export function checkShareForm(input: ShareRequest, limits: FileLimits): CheckedShareRequest {
  const { request, problems } = readShareRequest(input, limits);
  if (Object.keys(problems).length > 0) throw new FieldErrors(problems);
  return request;
}

function readShareRequest(
  input: ShareRequest,
  limits: FileLimits,
): { request: CheckedShareRequest; problems: Record<string, AppError> } {
  const parsed = shareRequest.safeParse(input);
  if (!parsed.success) throw new AppError('invalid', 'request.malformed', {}, { cause: parsed.error });
  const request = parsed.data;
  const files = request.files.map((file) => ({ ...file, name: cleanFileName(file.name) }));
  const recipients = parseRecipients(request.emails.join(', '));
  const message = request.message.replace(/\r\n?/g, '\n').replace(UNSAFE_IN_MESSAGE, '').trim();
  const found = {
    files: findFilesProblem(files, limits),
    emails: findRecipientsProblem(recipients),
    message:
      message.length > MAX_MESSAGE_LENGTH
        ? new AppError('invalid', 'share.message_too_long', { max: MAX_MESSAGE_LENGTH })
        : null,
    lifetimeDays: LIFETIMES_DAYS.some((days) => days === request.lifetimeDays)
      ? null
      : new AppError('invalid', 'share.lifetime', {}),
  };
  const problems = Object.entries(found).flatMap(([field, problem]) => (problem ? [[field, problem]] : []));
  return {
    request: { ...request, files, emails: recipients.emails, message },
    problems: Object.fromEntries(problems) as Record<string, AppError>,
  };
}

/**
 * The files alone, so that a platform can refuse them before it asks for anything else.
 * @throws AppError invalid for none, too many, an empty one, one over the limit or of a type that is blocked
 */
export function checkFiles(files: readonly { name: string; sizeBytes: number }[], limits: FileLimits): void {
  const problem = findFilesProblem(files, limits);
  if (problem) throw problem;
}

function findFilesProblem(
  files: readonly { name: string; sizeBytes: number }[],
  { maxFileBytes, blockedFileTypes }: FileLimits,
): AppError | null {
  if (files.length === 0) return new AppError('invalid', 'file.none', {});
  if (files.length > MAX_FILES) return new AppError('invalid', 'file.too_many', { max: MAX_FILES });
  for (const { name, sizeBytes } of files) {
    if (sizeBytes === 0) return new AppError('invalid', 'file.empty', { name });
    if (sizeBytes > maxFileBytes) {
      return new AppError('invalid', 'file.too_large', { name, sizeBytes, limitBytes: maxFileBytes });
    }
    const blocked = blockedFileTypes.find((type) => name.toLowerCase().endsWith(`.${type}`));
    if (blocked !== undefined) return new AppError('invalid', 'file.blocked_type', { name, type: blocked });
  }
  return null;
}

/** Tells two requests under one key apart: SHA-256 (hex) over what the sender asked for. */
export function hashRequest(accountId: string, request: CheckedShareRequest): string {
  const { emails, files, message, lifetimeDays } = request;
  return createHash('sha256')
    .update(JSON.stringify([accountId, emails, files, message, lifetimeDays]))
    .digest('hex');
}
