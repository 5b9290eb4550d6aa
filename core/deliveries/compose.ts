import {
  composeAlreadyRegistered,
  composeChatConnected,
  composeConfirmAddress,
  composeResetPassword,
} from '../mail/account-mails.js';
import type { MailContent } from '../mail/layout.js';
import { composeReminderMail, composeSharesExpiring } from '../mail/reminder-mails.js';
import { composeShareMail } from '../mail/share-mail.js';
import { mintToken } from '../links/tokens.js';
import type { LinkSecrets, OutgoingMail, Sql } from '../ports.js';
import type { ClaimedDelivery } from './claim.js';

export interface ComposeDeps {
  sql: Sql;
  portalUrl: string;
  linkSecrets: LinkSecrets;
}

/**
 * Writes the mail of one delivery from its rows. Tokens are minted here, as the mail is sent: no table
 * and no job ever holds one. @returns null where the rows are gone (the account was replaced or deleted)
 */
export async function composeDelivery(
  deps: ComposeDeps,
  delivery: ClaimedDelivery,
): Promise<OutgoingMail | null> {
  const content = delivery.shareId
    ? await shareContent(deps, delivery)
    : await accountContent(deps, delivery);
  return (
    content && { deliveryId: delivery.deliveryId, shareId: delivery.shareId, to: delivery.email, ...content }
  );
}

type Content = MailContent & Pick<OutgoingMail, 'fromName' | 'replyTo'>;

async function shareContent(deps: ComposeDeps, delivery: ClaimedDelivery): Promise<Content | null> {
  const { rows } = await deps.sql.query<ShareRow>(
    `SELECT a.first_name || ' ' || a.last_name AS "senderName", a.email AS "senderEmail", s.message,
            s.expires_at AS "expiresAt",
            (SELECT json_agg(json_build_object('name', t.name, 'sizeBytes', t.size_bytes) ORDER BY t.position)
             FROM attachment t WHERE t.share_id = s.id) AS files
     FROM share s JOIN account a ON a.id = s.account_id WHERE s.id = $1`,
    [delivery.shareId],
  );
  const [share] = rows;
  if (!share) return null;
  const url = `${deps.portalUrl}/l/${mintToken(deps.linkSecrets, 'link', delivery.subjectId)}`;
  const told = { ...share, url, reportUrl: `${url}/report` };
  return {
    ...(delivery.kind === 'REMINDER' ? composeReminderMail(told) : composeShareMail(told)),
    fromName: `${share.senderName} via Passalong`,
    replyTo: share.senderEmail,
  };
}

interface ShareRow {
  senderName: string;
  senderEmail: string;
  message: string | null;
  expiresAt: Date;
  files: { name: string; sizeBytes: number }[];
}

async function accountContent(deps: ComposeDeps, delivery: ClaimedDelivery): Promise<Content | null> {
  const { rows } = await deps.sql.query<{ firstName: string }>(
    'SELECT first_name AS "firstName" FROM account WHERE id = $1',
    [delivery.subjectId],
  );
  if (!rows[0]) return null;
  const { firstName } = rows[0];
  const page = (path: string): string => `${deps.portalUrl}${path}`;
  const from = { fromName: 'Passalong', replyTo: null };
  switch (delivery.kind) {
    case 'CONFIRM_ADDRESS': {
      const token = mintToken(deps.linkSecrets, 'confirm-address', delivery.deliveryId);
      return { ...composeConfirmAddress({ firstName, url: page(`/confirm/${token}`) }), ...from };
    }
    case 'RESET_PASSWORD': {
      const token = mintToken(deps.linkSecrets, 'reset-password', delivery.deliveryId);
      return { ...composeResetPassword({ firstName, url: page(`/reset/${token}`) }), ...from };
    }
    case 'NOTICE':
      return delivery.topic === 'shares-expiring'
        ? expiringContent(deps, delivery.subjectId, firstName, page('/shares')).then(
            (content) => content && { ...content, ...from },
          )
        : { ...accountNotice(delivery.topic, firstName, page), ...from };
    case 'SHARE':
    case 'REMINDER':
      throw new Error(`delivery ${delivery.deliveryId} of kind ${delivery.kind} has no share`);
  }
}

/** All shares of an account that end soon: one mail for those that are found together. */
async function expiringContent(
  { sql }: ComposeDeps,
  accountId: string,
  firstName: string,
  historyUrl: string,
): Promise<MailContent | null> {
  const { rows } = await sql.query<ExpiringRow>(
    `SELECT s.expires_at AS "expiresAt",
            (SELECT array_agg(t.name ORDER BY t.position) FROM attachment t WHERE t.share_id = s.id) AS names,
            count(r.id)::int AS people,
            count(r.id) FILTER (WHERE NOT EXISTS (SELECT 1 FROM download w WHERE w.recipient_id = r.id))::int AS waiting
     FROM share s JOIN recipient r ON r.share_id = s.id AND r.revoked_at IS NULL
     WHERE s.account_id = $1 AND s.state = 'READY' AND s.reminded_at IS NOT NULL AND s.expires_at > now()
       AND NOT EXISTS (SELECT 1 FROM chat_notice n WHERE n.kind = 'SHARE' AND n.subject_id = s.id)
     GROUP BY s.id ORDER BY s.expires_at LIMIT 50`,
    [accountId],
  );
  return rows.length > 0 ? composeSharesExpiring({ firstName, shares: rows, historyUrl }) : null;
}

interface ExpiringRow {
  expiresAt: Date;
  names: string[];
  people: number;
  waiting: number;
}

function accountNotice(topic: string | null, firstName: string, page: (path: string) => string): MailContent {
  if (topic === 'already-registered') {
    return composeAlreadyRegistered({ firstName, signInUrl: page('/sign-in'), resetUrl: page('/forgot') });
  }
  if (topic === 'chat-connected')
    return composeChatConnected({ firstName, settingsUrl: page('/connections') });
  throw new Error(`no mail for the notice ${String(topic)}`);
}
