import { formatBytes } from '../core/messages/format.js';
import type { Deps, StorageMember } from '../core/ports.js';
import { checkCopy, type CopyState } from '../core/storage/check-copy.js';
import { rebuild } from '../core/storage/rebuild.js';
import { scrub } from '../core/storage/scrub.js';
import { getStorageStatus } from '../core/storage/storage-status.js';
import { countStored, listStoredOf } from '../core/storage/stored-attachment.js';
import { isUuid } from '../core/uuid.js';

type CommandDeps = Pick<Deps, 'members' | 'sql' | 'log' | 'timings'>;

interface CommandOptions {
  subject: string | undefined;
  isDueOnly: boolean;
  /** No progress bar. */
  isQuiet: boolean;
}

/** What a command found: for programs, for the exit code, and for people. */
interface Outcome {
  report: object;
  isWell: boolean;
  say: () => string;
}

type StorageCommand = (deps: CommandDeps, options: CommandOptions) => Promise<Outcome>;

/** `npm run storage -- <name>`. */
export const storageCommands: Record<string, StorageCommand> = {
  async status(deps) {
    const status = await getStorageStatus(deps);
    const { members, files, bytes, scrubDue, oldestVerifiedAt } = status;
    return {
      report: status,
      isWell: members.every(({ isReachable, owed }) => isReachable && owed === 0),
      say: () =>
        [
          `${files} files, ${formatBytes(bytes)}, with each of ${members.length} members`,
          '',
          ...table(
            ['member', 'answers', 'copies owed'],
            members.map(({ name, isReachable, answerMs, owed }) => [
              name,
              isReachable ? `in ${Math.round(answerMs)} ms` : 'NOT NOW',
              String(owed),
            ]),
          ),
          '',
          `copies to be read again now: ${scrubDue} files; the oldest reading: ${oldestVerifiedAt?.toISOString() ?? 'none yet'}`,
        ].join('\n'),
    };
  },

  async scrub(deps, { isDueOnly, isQuiet }) {
    const bar = await startBar(deps, isQuiet, deps.members.length);
    const onRead = (bytes: number): void => {
      bar.advance(bytes);
      letGo(bytes);
    };
    const scrubbed = await scrub(deps, { isDueOnly, onRead }).finally(bar.stop);
    const { files, wrong, missing, repaired, unreachable, lost } = scrubbed;
    return {
      report: scrubbed,
      isWell: repaired === wrong + missing && unreachable === 0 && lost.length === 0,
      say: () =>
        [
          `${files} files read: ${wrong} copies wrong, ${missing} missing, ${repaired} made again, ${unreachable} could not be read`,
          ...lost.map(
            ({ shareId, attachmentId }) => `LOST: file ${attachmentId} of share ${shareId}: no copy is right`,
          ),
        ].join('\n'),
    };
  },

  async rebuild(deps, { subject, isQuiet }) {
    const targets = subject === undefined ? deps.members : [getMember(deps.members, subject)];
    const bar = await startBar(deps, isQuiet, 1);
    const startedAt = performance.now();
    const rebuilt = await rebuild(deps, targets, bar.advance).finally(bar.stop);
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      report: { ...rebuilt, seconds },
      isWell: rebuilt.owed === 0,
      say: () =>
        `${rebuilt.copied} copies made, ${formatBytes(rebuilt.copiedBytes)} in ${seconds.toFixed(1)} s; ` +
        `${rebuilt.present} were there; ${rebuilt.owed} could not be made now and stay owed`,
    };
  },

  async verify(deps, { subject = '' }) {
    const attachments = isUuid(subject) ? await listStoredOf(deps.sql, subject) : [];
    if (attachments.length === 0) {
      throw new Error(
        `No share ${subject} has files in storage. Its id is in the portal's address: /shares/<id>.`,
      );
    }
    const copies: { attachmentId: string; sizeBytes: number; member: string; state: CopyState }[] = [];
    for (const attachment of attachments) {
      for (const member of deps.members) {
        const { attachmentId, sizeBytes } = attachment;
        copies.push({
          attachmentId,
          sizeBytes,
          member: member.name,
          state: await checkCopy(member, attachment),
        });
      }
    }
    return {
      report: { shareId: subject, copies },
      isWell: copies.every(({ state }) => state === 'right'),
      say: () =>
        table(
          ['file', 'size', 'member', 'copy'],
          copies.map(({ attachmentId, sizeBytes, member, state }) => [
            attachmentId,
            formatBytes(sizeBytes),
            member,
            state === 'right' ? state : state.toUpperCase(),
          ]),
        ).join('\n'),
    };
  },
};

function getMember(members: readonly StorageMember[], name: string): StorageMember {
  const member = members.find((each) => each.name === name);
  if (member) return member;
  throw new Error(`No member is called ${name}. There are: ${members.map((each) => each.name).join(', ')}.`);
}

/** A bar over the bytes of every file, `times` over. It shows on a terminal alone. */
async function startBar(
  deps: CommandDeps,
  isQuiet: boolean,
  times: number,
): Promise<{ advance: (bytes: number) => void; stop: () => void }> {
  if (isQuiet) return { advance: () => undefined, stop: () => undefined };
  const { bytes } = await countStored(deps.sql);
  const { SingleBar } = await import('cli-progress');
  const bar = new SingleBar({
    format: '{bar} {percentage}%  {value} of {total}  about {eta_formatted} left',
    formatValue: (value, _options, type) =>
      type === 'value' || type === 'total' ? formatBytes(value) : String(value),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
  });
  bar.start(Math.max(1, bytes * times), 0);
  return {
    advance: (read) => {
      bar.increment(read);
    },
    stop: () => {
      bar.stop();
    },
  };
}

const LET_GO_EVERY_BYTES = 256 * 1024;
let heldBytes = 0;

/** V8 lets 64 MiB of buffers that were read pile up before it looks for them, unless told (node --expose-gc). */
function letGo(readBytes: number): void {
  heldBytes += readBytes;
  if (heldBytes < LET_GO_EVERY_BYTES) return;
  heldBytes = 0;
  globalThis.gc?.({ type: 'minor', execution: 'sync' });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
