import type { Readable } from 'node:stream';
import type { Client, Pool } from 'pg';
import type { PrismaClient } from '../prisma/generated/client.js';
import type { JobName, JobPayload } from './jobs.js';
import type { AttachmentSource } from './shares/attachment-source.js';
import type { Timings } from './timings.js';

/** Postgres through Prisma: use-cases outside the Lambda. */
export type Database = PrismaClient;

/** Postgres through `pg`: the Lambda, which carries no Prisma, and claims shared with it. */
export type Sql = Pick<Pool | Client, 'query'>;

/** The parts of pino that product code uses. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

/** Producer side of the queue. Adding never waits for long and never throws: the reconciler finds the row. */
export interface JobQueue {
  add<N extends JobName>(name: N, payload: JobPayload<N>, options?: { delayMs?: number }): Promise<void>;
}

/** An object as one member of storage has it. */
export interface StoredObject {
  /** The member's name. */
  member: string;
  sizeBytes: number;
  /** Fails with `unavailable` where the line breaks, and with `WrongBytes` where storage itself sees that they are. */
  bytes: Readable;
}

/** Keys with their age, a page at a time. */
export interface StoredPage {
  objects: { key: string; modifiedAt: Date }[];
  /** For `after` of the next page. */
  next?: string;
}

/** One bucket, which holds a copy of everything. All throw AppError `unavailable` where it cannot be reached. */
export interface StorageMember {
  readonly name: string;
  /**
   * Stores `sizeBytes` bytes (5 GiB at most) under a key that must not exist yet, unless `replaces`. Nothing is
   * kept, and nothing replaced, unless the body ends after exactly that many bytes; an error of the body is rethrown
   * as it is. The signal ends it as `unavailable`.
   */
  put(
    key: string,
    body: Readable,
    sizeBytes: number,
    options?: { replaces?: boolean; signal?: AbortSignal },
  ): Promise<void>;
  /** @throws AppError not_found where there is no such object */
  open(key: string, signal?: AbortSignal): Promise<StoredObject>;
  /** In bytes; null where there is no such object. */
  sizeOf(key: string, signal?: AbortSignal): Promise<number | null>;
  /** Deletes every object under the prefix, older versions and unfinished uploads too. Safe to repeat. */
  deleteAll(prefix: string): Promise<void>;
  list(prefix: string, after?: string): Promise<StoredPage>;
}

/** Objects, for the worker: a copy with each member. All throw AppError `unavailable` where no member can be reached. */
export interface FileStore {
  /**
   * As StorageMember's, with all members at once but `heldBy`, which has the object already. One of them is enough.
   * @returns the names of those that have no copy: whoever writes down where the bytes are writes down this too
   */
  put(key: string, body: Readable, sizeBytes: number, heldBy?: string): Promise<{ missed: string[] }>;
  /** From the first member that has it and answers. @throws AppError not_found where all say that it is not there */
  open(key: string): Promise<StoredObject>;
  has(key: string): Promise<boolean>;
  /** With every member. @throws AppError unavailable where one could not be reached, after the others did it */
  deleteAll(prefix: string): Promise<void>;
  /** The members' keys one after the other, for the sweep of orphans. */
  list(prefix: string, after?: string): Promise<StoredPage>;
}

/** Multipart uploads straight from a browser, for the portal. */
export interface UploadStore {
  begin(key: string): Promise<{ uploadId: string }>;
  /** A URL that takes exactly `sizeBytes` bytes as part `partNumber`, for a quarter of an hour. */
  signPart(key: string, uploadId: string, partNumber: number, sizeBytes: number): Promise<string>;
  /** @throws AppError not_found where storage knows no such upload: it was joined, or aborted */
  listParts(key: string, uploadId: string): Promise<UploadedPart[]>;
  /** Joins the parts. Safe to repeat. @returns the object's size in bytes @throws AppError not_found, as listParts */
  complete(key: string, uploadId: string, parts: { partNumber: number; etag: string }[]): Promise<number>;
  abort(key: string, uploadId: string): Promise<void>;
}

export interface UploadedPart {
  partNumber: number;
  sizeBytes: number;
  etag: string;
}

/** Makes the short-lived URL that a download is redirected to. */
export interface DownloadSigner {
  /**
   * With a member that has it now, and none of `avoid`. Lives 60 s up to 100 MB, 15 minutes above; always an
   * attachment of type octet-stream. @throws AppError unavailable where no member has it
   */
  signDownload(
    key: string,
    file: { name: string; sizeBytes: number },
    avoid: readonly string[],
  ): Promise<string>;
}

/** Writes the empty objects that start the Lambda. */
export interface ReadyMarks {
  markShare(shareId: string): Promise<void>;
  markMail(deliveryId: string): Promise<void>;
}

/** Fetches a file from where its sender has it. */
export interface FileFetcher {
  /**
   * @throws AppError `invalid`/`gone` with a code of `file.*` where trying again cannot help,
   *   `unavailable` where it can
   */
  fetch(source: AttachmentSource, file: { name: string; sizeBytes: number }): Promise<Readable>;
}

/** Looks for malware in files on their way. */
export interface Scanner {
  /** Before anything is fetched for it. @throws AppError unavailable where it cannot be reached */
  begin(name: string): Promise<Scan>;
}

/**
 * One file. Both ways throw AppError `invalid` (`file.infected`, `file.too_large_to_scan`) where it must not be shared,
 * and `unavailable` where nobody can tell, so that it waits.
 */
export interface Scan {
  /** Passes the file on, as fast as both sides take it. */
  pass(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer>;
  /** Resolves for what has passed, once it is known to be clean. */
  finish(): Promise<void>;
  /** Safe to repeat, and before the end. */
  close(): void;
}

/** A workspace of Slack, and within what its people's ids hold: its organisation if it has one, else itself. */
export interface SlackWorkspace {
  teamId: string;
  workspaceId: string;
}

/** The app's tokens. */
export interface SlackTokens {
  /**
   * The bot's token in one workspace.
   * @throws AppError forbidden (`file.reinstall`) where the app is not installed; unavailable where it cannot be renewed
   */
  get(workspace: SlackWorkspace): Promise<string>;
}

/** Renews tokens that end. */
export interface SlackOAuth {
  /** Works once for each refresh token. @throws AppError unavailable */
  refresh(
    refreshToken: string,
  ): Promise<{ botToken: string; refreshToken: string; tokenExpiresAt?: Date | undefined }>;
}

/** What Slack says about one file, before it is shared. */
export interface SlackFiles {
  /**
   * @throws AppError with a code of `file.*`, in words for the person, where the file cannot be shared;
   *   `unavailable` where Slack does not answer within 2 s
   */
  describe(workspace: SlackWorkspace, fileId: string): Promise<SlackFileDescription>;
}

export interface SlackFileDescription {
  name: string;
  contentType: string;
  sizeBytes: number;
  /** The person who uploaded it. */
  ownerId: string;
  /** Where it was posted: channels, private ones and direct messages. */
  channelIds: string[];
}

export interface OutgoingMail {
  deliveryId: string;
  shareId: string | null;
  to: string;
  replyTo: string | null;
  /** Shown before the sender's address: `Ann Lee via Passalong`. */
  fromName: string;
  subject: string;
  text: string;
  html: string;
}

/** What became of handing a mail over; see docs/states.md for why `unknown` is never tried again. */
export type MailResult =
  | { outcome: 'sent'; messageId: string }
  | { outcome: 'not-taken'; errorCode: string }
  | { outcome: 'refused'; errorCode: string }
  | { outcome: 'unknown'; errorCode: string };

/** Hands one mail to the mail service, once: never repeats a call by itself. */
export interface Mailer {
  send(mail: OutgoingMail): Promise<MailResult>;
}

/** Makes and checks password hashes. @throws AppError unavailable when too many wait for their turn */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** `null` stands for an unknown account: as slow as a real check, and always false to the caller. */
  verify(storedHash: string | null, password: string): Promise<boolean>;
  /** Whether it is on an offline list of common passwords (about 49,000), whatever its case. */
  isCommon(password: string): Promise<boolean>;
}

/** Counts tries in Postgres, shared by all instances. */
export interface RateLimiter {
  /** @throws AppError limit once a key has used up its points; unavailable where the count cannot be kept */
  consume(rule: RateRule, key: string): Promise<void>;
  /** Forgets the count, for example after a correct password. */
  reset(rule: RateRule, key: string): Promise<void>;
}

export type RateRule =
  | 'sign-in-account-here'
  | 'sign-in-account'
  | 'sign-in-address'
  | 'account-mail'
  | 'mail-to-address'
  | 'link'
  | 'password-again';

/** What use-cases may ask for; each names its part with `Pick`. */
export interface Deps {
  db: Database;
  queue: JobQueue;
  log: Logger;
  timings: Timings;
  files: FileStore;
  members: readonly StorageMember[];
  /** Postgres without Prisma, for commands that stay small. */
  sql: Sql;
  uploads: UploadStore;
  marks: ReadyMarks;
  signer: DownloadSigner;
  fetchers: FileFetcher;
  /** null where none is configured. */
  scanner: Scanner | null;
  limits: Limits;
  linkSecrets: LinkSecrets;
  passwords: PasswordHasher;
  rates: RateLimiter;
}

/** First signs; all verify, so that a secret can be rotated. */
export type LinkSecrets = readonly [string, ...string[]];

/** What one account may do. */
export interface Limits {
  maxFileBytes: number;
  maxLiveBytes: number;
  maxSharesPerHour: number;
  maxRecipientsPerDay: number;
  maxRecipientsPerDayWhenNew: number;
  /** Ends of file names, in lower case and without their dot, that nobody may share. */
  blockedFileTypes: readonly string[];
}
