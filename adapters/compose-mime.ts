import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import type { OutgoingMail } from '../core/ports.js';

/**
 * A mail as it travels: one recipient, MIME by nodemailer alone, so that names and subjects cannot add a header. The
 * same delivery has the same `messageId` at each try, without its angle brackets; SES puts one of its own in its place.
 */
export async function composeMime(
  mail: OutgoingMail,
  from: string,
): Promise<{ raw: Buffer; messageId: string }> {
  const { to, subject, text, html, replyTo, fromName } = mail;
  const messageId = `${mail.deliveryId}@${from.slice(from.lastIndexOf('@') + 1)}`;
  const raw = await new MailComposer({
    messageId: `<${messageId}>`,
    from: { name: fromName, address: from },
    to: { name: '', address: to },
    ...(replyTo ? { replyTo: { name: '', address: replyTo } } : {}),
    subject,
    text,
    html,
    disableFileAccess: true,
    disableUrlAccess: true,
    headers: {
      'X-Auto-Response-Suppress': 'OOF, AutoReply',
      'Auto-Submitted': 'auto-generated',
    },
  })
    .compile()
    .build();
  return { raw, messageId };
}
