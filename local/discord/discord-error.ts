import type { z } from 'zod';

/**
 * Status, JSON error code and message of every refusal, in one place because the documentation names the codes
 * but not always the status that goes with them.
 * @see https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
 */
const refusals = {
  badJson: [400, 50109, 'The request body contains invalid JSON.'],
  unauthorized: [401, 0, '401: Unauthorized'],
  notFound: [404, 0, '404: Not Found'],
  unavailable: [503, 0, '503: Service Unavailable'],
  uploadsNotSupported: [
    501,
    0,
    'The local double takes no multipart bodies: bots of this project send no files',
  ],
  unknownChannel: [404, 10003, 'Unknown Channel'],
  unknownMessage: [404, 10008, 'Unknown Message'],
  unknownUser: [404, 10013, 'Unknown User'],
  unknownWebhook: [404, 10015, 'Unknown Webhook'],
  unknownInteraction: [404, 10062, 'Unknown interaction'],
  wrongApplication: [403, 20012, 'You are not authorized to perform this action on this application'],
  alreadyAcknowledged: [400, 40060, 'Interaction has already been acknowledged.'],
  tooManyFollowUps: [400, 40094, 'This interaction has hit the maximum number of follow-up messages'],
  missingAccess: [403, 50001, 'Missing Access'],
  notYourMessage: [403, 50005, 'Cannot edit a message authored by another user'],
  emptyMessage: [400, 50006, 'Cannot send an empty message'],
  dmClosed: [403, 50007, 'Cannot send messages to this user'],
  missingPermissions: [403, 50013, 'Missing Permissions'],
  invalidWebhookToken: [401, 50027, 'Invalid Webhook Token'],
  invalidRecipient: [400, 50033, 'Invalid Recipient(s)'],
} as const;

/** One field that is wrong, by its path in the body; without a message, the code in words. */
interface FieldError {
  path: PropertyKey[];
  code: string;
  message?: string;
}

/** The refusal of that name, to be thrown. */
export function refusal(name: keyof typeof refusals): DiscordError {
  const [status, code, message] = refusals[name];
  return new DiscordError(status, code, message);
}

/**
 * Reads a body by its schema; `at` is where the body sits in the request.
 * @throws DiscordError 50035 with Discord's tree of errors when a field is wrong.
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown, at: string[] = []): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalidFormBody(result.error.issues.map((issue) => toFieldError(issue, at)));
}

/**
 * Error 50035: a tree that mirrors the body, with `_errors` at the fields.
 * @see https://docs.discord.com/developers/reference#error-messages
 */
export function invalidFormBody(fields: FieldError[]): DiscordError {
  const tree: Record<string, unknown> = {};
  for (const { path, code, message } of fields) {
    let node = tree;
    for (const key of path.map(String)) node = (node[key] ??= {}) as Record<string, unknown>;
    ((node['_errors'] ??= []) as unknown[]).push({ code, message: message ?? inWords(code) });
  }
  return new DiscordError(400, 50035, 'Invalid Form Body', tree);
}

/** A refusal as the API words it: `{ code, message, errors? }` under an HTTP status. */
export class DiscordError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly errors?: Record<string, unknown>,
  ) {
    super(message);
  }
}

function toFieldError(issue: z.core.$ZodIssue, at: string[]): FieldError {
  const path = [...at, ...issue.path];
  if (issue.code === 'custom') return { path, code: String(issue.params?.['code'] ?? 'BASE_TYPE_INVALID') };
  if (issue.code === 'too_big') return { path, code: 'BASE_TYPE_MAX_LENGTH', message: issue.message };
  if (issue.code === 'too_small') return { path, code: 'BASE_TYPE_MIN_LENGTH', message: issue.message };
  const isMissing = issue.code === 'invalid_type' && issue.message.includes('received undefined');
  return { path, code: isMissing ? 'BASE_TYPE_REQUIRED' : 'BASE_TYPE_INVALID', message: issue.message };
}

function inWords(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ');
}
