import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageContent } from './parse-message.js';

/** One accepted mail. `destinations` are the envelope's recipients, whatever its headers say. */
export interface SesMessage extends Omit<MessageContent, 'recipients'> {
  id: string;
  /** When it was accepted, ISO 8601. */
  at: string;
  source: string;
  destinations: string[];
  tags: Record<string, string>;
  configurationSet: string | null;
}

export interface Journal {
  /** Oldest first. */
  messages: readonly SesMessage[];
  /** Resolves when a killed process would still remember the mail. */
  append(message: SesMessage, raw: Buffer): Promise<void>;
  find(id: string): SesMessage | undefined;
  readRaw(message: SesMessage): Promise<Buffer>;
}

/**
 * Opens the record of accepted mails: `journal.jsonl`, one line a mail, and `raw/<id>.eml`.
 * It outlives kill -9, not a power cut: written data is not flushed to the disk itself.
 */
export function openJournal(dataDir: string): Journal {
  const path = join(dataDir, 'journal.jsonl');
  const rawPath = (id: string) => join(dataDir, 'raw', `${id}.eml`);
  mkdirSync(join(dataDir, 'raw'), { recursive: true });
  const messages = readLines(path).map((line) => JSON.parse(line) as SesMessage);
  const byId = new Map(messages.map((message) => [message.id, message]));

  return {
    messages,
    async append(message, raw) {
      await writeFile(rawPath(message.id), raw);
      // Synchronous, so that two lines never interleave and the order in memory is the order on disk.
      appendFileSync(path, `${JSON.stringify(message)}\n`);
      messages.push(message);
      byId.set(message.id, message);
    },
    find: (id) => byId.get(id),
    readRaw: (message) => readFile(rawPath(message.id)),
  };
}

/** A kill in the middle of a write leaves a line without its newline: its mail was never answered, so it is cut off. */
function readLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const content = readFileSync(path);
  const end = content.lastIndexOf('\n') + 1;
  if (end < content.length) truncateSync(path, end);
  return content.subarray(0, end).toString().split('\n').filter(Boolean);
}
