import { PassThrough, type Readable } from 'node:stream';
import { AppError, isAppError } from '../core/errors.js';
import type { FileStore, StorageMember } from '../core/ports.js';
import type { MemberHealth } from './member-health.js';

/** A member may keep the others waiting for so long, and for as long as its bytes take at this rate. */
const PATIENCE_MS = 10_000;
const SLOWEST_BYTES_PER_MS = 4 * 1024;

/** So much one member may be ahead of another. */
const AHEAD_BYTES = 512 * 1024;

/**
 * RAID-1: every object is written to all members at once and read from the first that answers. One member is enough
 * for a write; whoever calls keeps a row for each copy that is missing. `patienceMs` is shorter in tests alone.
 * @see docs/adr/016-raid-1-over-buckets.md
 */
export function createMirroredFileStore(
  members: readonly StorageMember[],
  health: MemberHealth,
  patienceMs = PATIENCE_MS,
): FileStore {
  return {
    async put(key, body, sizeBytes, heldBy) {
      const [only] = members;
      if (only && members.length === 1 && heldBy === undefined) {
        await only.put(key, body, sizeBytes);
        return { missed: [] };
      }
      const others = members.filter(({ name }) => name !== heldBy);
      const usable = others.filter(({ name }) => health.isUsable(name));
      // Where all failed a moment ago, they are tried all the same: there is nowhere else to write.
      const targets = usable.length > 0 || heldBy !== undefined ? usable : others;
      const replaces = heldBy !== undefined;
      const branches = targets.map((member) => openBranch(member, key, sizeBytes, replaces));
      await writeToAll(branches, body, { patienceMs, isHeld: heldBy !== undefined });
      for (const { member, error } of branches) {
        if (error) health.failed(member.name, error);
        else health.worked(member.name);
      }
      const written = branches.filter(({ error }) => !error).map(({ member }) => member);
      if (written.length === 0 && heldBy === undefined) {
        throw branches[0]?.error ?? new AppError('unavailable', 'storage.unavailable', {});
      }
      return { missed: others.filter((member) => !written.includes(member)).map(({ name }) => name) };
    },

    open: (key) => health.firstOf(members, (member, signal) => member.open(key, signal)),

    async has(key) {
      const found = await health
        .firstOf(members, async (member, signal) => {
          if ((await member.sizeOf(key, signal)) !== null) return true;
          throw new AppError('not_found', 'share.not_found', {});
        })
        .catch((error: unknown) => {
          if (isAppError(error) && error.kind === 'not_found') return false;
          throw error;
        });
      return found;
    },

    async deleteAll(prefix) {
      const results = await Promise.allSettled(members.map((member) => member.deleteAll(prefix)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },

    async list(prefix, cursor = '0:') {
      const index = Number.parseInt(cursor, 10);
      const after = cursor.slice(cursor.indexOf(':') + 1);
      const member = members[index];
      if (!member) return { objects: [] };
      const page = await member.list(prefix, after).catch((error: unknown) => {
        // What lies there is swept once it is back; the others need not wait for that.
        if (members.length === 1) throw error;
        health.failed(member.name, error);
        return { objects: [] };
      });
      if ('next' in page && page.next) return { objects: page.objects, next: `${index}:${page.next}` };
      const isLast = index === members.length - 1;
      return { objects: page.objects, ...(isLast ? {} : { next: `${index + 1}:` }) };
    },
  };
}

/** One member's copy of what is being written. */
interface Branch {
  member: StorageMember;
  /** What the member is sent. */
  pipe: PassThrough;
  /** Ends the call to the member. */
  stop: AbortController;
  /** Resolves, whatever becomes of it. */
  settled: Promise<void>;
  isSettled: boolean;
  error: Error | undefined;
  /** How long it was waited for, and since when it is. */
  waitedMs: number;
  waitingSince: number | null;
}

function openBranch(member: StorageMember, key: string, sizeBytes: number, replaces: boolean): Branch {
  const pipe = new PassThrough({ highWaterMark: AHEAD_BYTES });
  const stop = new AbortController();
  const branch: Branch = {
    ...{ member, pipe, stop, isSettled: false, error: undefined, waitedMs: 0, waitingSince: null },
    settled: member
      .put(key, pipe, sizeBytes, { replaces, signal: stop.signal })
      .catch((error: unknown) => {
        branch.error = error instanceof Error ? error : new Error('storage failed', { cause: error });
      })
      .finally(() => {
        branch.isSettled = true;
        pipe.destroy();
      }),
  };
  // Whoever reads the pipe is told; nobody else has to be.
  pipe.on('error', () => undefined);
  return branch;
}

/** Rethrows what is wrong with the body; what is wrong with a member stands in its branch. */
async function writeToAll(
  branches: readonly Branch[],
  body: Readable,
  { patienceMs, isHeld }: { patienceMs: number; isHeld: boolean },
): Promise<void> {
  let sentBytes = 0;
  const watch = setInterval(() => {
    giveUpLaggards(branches, patienceMs + sentBytes / SLOWEST_BYTES_PER_MS, isHeld);
  }, patienceMs / 10);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      await Promise.all(branches.map((branch) => write(branch, chunk)));
      sentBytes += chunk.length;
      // Bytes that nobody takes any more need not be fetched, unless they are read for their own sake.
      if (!isHeld && branches.every(({ error }) => error)) break;
    }
    for (const { pipe } of branches) pipe.end();
    await Promise.all(branches.map((branch) => waitFor(branch, branch.settled)));
  } catch (error) {
    for (const { pipe } of branches) pipe.destroy(error instanceof Error ? error : new Error(String(error)));
    await Promise.all(branches.map(({ settled }) => settled));
    throw error;
  } finally {
    clearInterval(watch);
    body.destroy();
  }
  // A member tells that the body was too short or too long, and that is not the member's fault.
  const ofBody = branches.find(({ error }) => error && !isAppError(error));
  if (ofBody?.error) throw ofBody.error;
}

async function write(branch: Branch, chunk: Buffer): Promise<void> {
  if (branch.isSettled || branch.pipe.write(chunk)) return;
  const drained = new Promise<void>((resolve) => {
    const done = (): void => {
      branch.pipe.off('drain', done).off('close', done);
      resolve();
    };
    branch.pipe.on('drain', done).on('close', done);
  });
  await waitFor(branch, drained);
}

async function waitFor(branch: Branch, work: Promise<void>): Promise<void> {
  branch.waitingSince = performance.now();
  await work;
  branch.waitedMs += performance.now() - branch.waitingSince;
  branch.waitingSince = null;
}

/** Ends the write to members that the rest waits for; where all are slow alike, it is not they who are late. */
function giveUpLaggards(branches: readonly Branch[], allowedMs: number, isHeld: boolean): void {
  const now = performance.now();
  const waited = ({ waitedMs, waitingSince }: Branch): number =>
    waitedMs + (waitingSince === null ? 0 : now - waitingSince);
  const working = branches.filter(({ error }) => !error);
  const fastestMs = isHeld ? 0 : Math.min(...working.map(waited));
  for (const branch of working) {
    if (branch.isSettled || waited(branch) - fastestMs <= allowedMs) continue;
    const cause = new Error(`${branch.member.name} keeps the others waiting`);
    branch.stop.abort(new AppError('unavailable', 'storage.unavailable', {}, { cause }));
  }
}
