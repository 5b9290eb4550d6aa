import type { ChatUser } from '../identities/chat-user.js';
import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import { findIdentity } from '../identities/link-codes.js';
import { mintToken, readToken } from '../links/tokens.js';
import type { Deps } from '../ports.js';
import type { Governed } from './workspace-rules.js';

export const LOG_LINK_MINUTES = 10;
const MAX_ROWS = 100_000;
const PAGE_ROWS = 500;

const COLUMNS = [
  ...['time', 'platform', 'sender', 'files', 'bytes', 'recipients', 'state', 'expires', 'downloads'],
];

/**
 * A link to one workspace's share log, for ten minutes and for whoever is signed in with the account that this
 * administrator has connected; the caller has checked the right to it. @returns null where none is connected
 */
export async function createLogLink(
  deps: Pick<Deps, 'db' | 'linkSecrets'> & { portalUrl: string },
  admin: ChatUser,
  workspaceId: string,
): Promise<string | null> {
  const identity = await findIdentity(deps, admin);
  if (!identity) return null;
  const expiresAt = new Date(Date.now() + LOG_LINK_MINUTES * 60 * 1000);
  const { id } = await deps.db.logExport.create({
    data: { identityId: identity.id, workspaceId, expiresAt },
  });
  return `${deps.portalUrl}/workspace-log/${mintToken(deps.linkSecrets, 'workspace-log', id)}`;
}

/** Whose log a link opens, for one account alone; each time is written down. @throws AppError not_found */
export async function openLog(
  deps: Pick<Deps, 'db' | 'linkSecrets' | 'log'>,
  accountId: string,
  token: string,
): Promise<Governed> {
  const id = readToken(deps.linkSecrets, 'workspace-log', token);
  const found = id
    ? await deps.db.logExport.findFirst({
        where: { id, expiresAt: { gt: new Date() }, identity: { accountId } },
        include: { identity: { select: { platform: true } } },
      })
    : null;
  if (!found) throw new AppError('not_found', 'page.not_found', {});
  const { workspaceId, identity } = found;
  await recordAudit(deps.db, { accountId, action: 'workspace.exported', subjectId: workspaceId });
  deps.log.info({ platform: identity.platform, workspaceId }, 'share log of a workspace exported');
  return { platform: identity.platform, workspaceId };
}

/** Shares made in one workspace, newest first and 100,000 at most, as CSV (RFC 4180), in pages. */
export async function* writeLog(
  { db }: Pick<Deps, 'db'>,
  { platform, workspaceId }: Governed,
): AsyncGenerator<string> {
  yield line(COLUMNS);
  // All ids at once: the log is that of one moment, and what is shared meanwhile moves nothing between pages.
  const ids = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM share WHERE workspace_ids @> ARRAY[${workspaceId}]::text[] AND entrance::text = ${platform}
    ORDER BY created_at DESC, id LIMIT ${MAX_ROWS}`;
  for (let start = 0; start < ids.length; start += PAGE_ROWS) {
    const page = ids.slice(start, start + PAGE_ROWS).map(({ id }) => id);
    const shares = await db.share.findMany({
      where: { id: { in: page } },
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      select: {
        ...{ createdAt: true, entrance: true, state: true, expiresAt: true },
        account: { select: { email: true } },
        attachments: { orderBy: { position: 'asc' }, select: { name: true, sizeBytes: true } },
        recipients: {
          orderBy: { position: 'asc' },
          select: { email: true, _count: { select: { downloads: true } } },
        },
      },
    });
    yield shares
      .map(({ createdAt, entrance, account, attachments, recipients, state, expiresAt }) =>
        line([
          createdAt.toISOString(),
          entrance,
          account.email,
          attachments.map(({ name }) => defuse(name)).join('; '),
          String(attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n)),
          recipients.map(({ email }) => defuse(email)).join('; '),
          state,
          expiresAt.toISOString(),
          String(recipients.reduce((sum, { _count }) => sum + _count.downloads, 0)),
        ]),
      )
      .join('');
  }
}

/** Every cell is quoted: programs that split at semicolons find none outside of quotes. */
function line(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${defuse(cell).replaceAll('"', '""')}"`).join(',')}\r\n`;
}

/** What a spreadsheet would take for a formula stays text. @see https://owasp.org/www-community/attacks/CSV_Injection */
function defuse(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
