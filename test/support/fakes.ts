import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../../core/errors.js';
import type { JobName } from '../../core/jobs.js';
import type {
  DownloadSigner,
  FileFetcher,
  FileStore,
  JobQueue,
  Limits,
  Logger,
  PasswordHasher,
  RateLimiter,
  ReadyMarks,
  UploadStore,
} from '../../core/ports.js';
import { timingsFor } from '../../core/timings.js';

/** Production's durations; a test moves rows back in time instead of waiting. */
export const timings = timingsFor(60);

export const limits: Limits = {
  maxFileBytes: 5 * 1024 ** 3,
  maxLiveBytes: 50 * 1024 ** 3,
  maxSharesPerHour: 1_000,
  maxRecipientsPerDay: 1_000,
  maxRecipientsPerDayWhenNew: 1_000,
  blockedFileTypes: [],
};

export const linkSecrets = ['a secret for tests, long enough to be one'] as const;

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  fields: object;
  message: string;
}

/** Keeps what was logged, children included. */
export function fakeLog(): Logger & { lines: LogLine[] } {
  const lines: LogLine[] = [];
  const logger = (bound: object): Logger => {
    const write = (level: LogLine['level']) => (fields: object, message: string) => {
      lines.push({ level, fields: { ...bound, ...fields }, message });
    };
    return {
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => logger({ ...bound, ...fields }),
    };
  };
  return { ...logger({}), lines };
}

export interface QueuedJob {
  name: JobName;
  payload: object;
  delayMs?: number | undefined;
}

/** Keeps what was queued and runs nothing; while `isDown`, it loses everything, as a dead Redis does. */
export function fakeQueue(): JobQueue & { jobs: QueuedJob[]; isDown: boolean } {
  return {
    jobs: [],
    isDown: false,
    async add(name, payload, { delayMs } = {}) {
      if (!this.isDown) this.jobs.push({ name, payload, delayMs });
    },
  };
}

/** Keeps which marks were written. */
export function fakeMarks(): ReadyMarks & { shares: string[]; mails: string[]; isDown: boolean } {
  return {
    shares: [],
    mails: [],
    isDown: false,
    async markShare(shareId) {
      if (this.isDown) throw storageDown();
      this.shares.push(shareId);
    },
    async markMail(deliveryId) {
      if (this.isDown) throw storageDown();
      this.mails.push(deliveryId);
    },
  };
}

/** A bucket in memory. */
export function fakeFiles(): FileStore & {
  objects: Map<string, { bytes: Buffer; modifiedAt: Date }>;
  isDown: boolean;
} {
  return {
    objects: new Map(),
    isDown: false,
    async put(key, body, sizeBytes, heldBy) {
      if (this.isDown) throw storageDown();
      const bytes = await buffer(body);
      if (heldBy !== undefined) return { missed: [] };
      if (bytes.length !== sizeBytes || this.objects.has(key)) throw storageDown();
      this.objects.set(key, { bytes, modifiedAt: new Date() });
      return { missed: [] };
    },
    async open(key) {
      if (this.isDown) throw storageDown();
      const object = this.objects.get(key);
      if (!object) throw new AppError('not_found', 'share.not_found', {});
      return { member: 'memory', sizeBytes: object.bytes.length, bytes: Readable.from([object.bytes]) };
    },
    async has(key) {
      if (this.isDown) throw storageDown();
      return this.objects.has(key);
    },
    async deleteAll(prefix) {
      if (this.isDown) throw storageDown();
      for (const key of this.objects.keys()) if (key.startsWith(prefix)) this.objects.delete(key);
    },
    async list(prefix) {
      const found = [...this.objects].filter(([key]) => key.startsWith(prefix));
      return { objects: found.map(([key, { modifiedAt }]) => ({ key, modifiedAt })) };
    },
  };
}

/** Uploads of browsers; `runs` holds those that are neither joined nor aborted. */
export function fakeUploads(): UploadStore & { runs: Map<string, string>; completed: string[] } {
  return {
    runs: new Map(),
    completed: [],
    async begin(key) {
      const uploadId = randomUUID();
      this.runs.set(uploadId, key);
      return { uploadId };
    },
    async signPart(key, uploadId, partNumber, sizeBytes) {
      return `https://storage.test/${key}?uploadId=${uploadId}&partNumber=${partNumber}&size=${sizeBytes}`;
    },
    async listParts() {
      return [];
    },
    async complete(key, uploadId) {
      if (!this.runs.delete(uploadId) && !this.completed.includes(key)) {
        throw new AppError('not_found', 'share.not_found', {});
      }
      if (!this.completed.includes(key)) this.completed.push(key);
      return 1;
    },
    async abort(_key, uploadId) {
      this.runs.delete(uploadId);
    },
  };
}

/** URLs that name what they are for. */
export function fakeSigner(): DownloadSigner {
  return {
    signDownload: async (key, { name }) => `https://storage.test/${key}?name=${encodeURIComponent(name)}`,
  };
}

/** Chat files by Slack file id; anything else is out of reach. An entry may be an error to throw. */
export function fakeFetcher(files: Record<string, Buffer | Error | (() => Readable)>): FileFetcher {
  return {
    async fetch(source, { name }) {
      const file = source.kind === 'slack' ? files[source.fileId] : undefined;
      if (file instanceof Error) throw file;
      if (!file) throw new AppError('unavailable', 'file.unreachable', { name, platform: 'Slack' });
      return typeof file === 'function' ? file() : Readable.from([file]);
    },
  };
}

/** Passwords in clear text behind a prefix: as fast as can be, for tests that are not about hashing. */
export function fakePasswords(): PasswordHasher {
  return {
    hash: async (password) => `clear:${password}`,
    verify: async (storedHash, password) => storedHash === `clear:${password}`,
    isCommon: async (password) => password.toLowerCase() === 'correcthorsebattery',
  };
}

/** Counts and never refuses, unless told that a rule is used up. */
export function fakeRates(): RateLimiter & { counts: Map<string, number>; usedUp: Set<string> } {
  return {
    counts: new Map(),
    usedUp: new Set(),
    async consume(rule, key) {
      if (this.usedUp.has(rule)) {
        throw new AppError('limit', 'account.too_many_tries', { seconds: 60 }, { retryAfterSeconds: 60 });
      }
      this.counts.set(`${rule} ${key}`, (this.counts.get(`${rule} ${key}`) ?? 0) + 1);
    },
    async reset(rule, key) {
      this.counts.delete(`${rule} ${key}`);
    },
  };
}

/** What storage answers when it is down. */
export function storageDown(): AppError {
  return new AppError('unavailable', 'storage.unavailable', {});
}
