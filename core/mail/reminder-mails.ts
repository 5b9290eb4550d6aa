import { html } from '../html.js';
import { formatDate, plural } from '../messages/format.js';
import { layoutMail, mailButton, withoutLinks, type MailContent } from './layout.js';

/** Reminds a recipient who has fetched nothing that the link ends soon. */
export function composeReminderMail(share: {
  senderName: string;
  senderEmail: string;
  expiresAt: Date;
  files: { name: string }[];
  url: string;
  reportUrl: string;
}): MailContent {
  const { files, url, reportUrl, senderEmail } = share;
  const senderName = withoutLinks(share.senderName);
  const until = formatDate(share.expiresAt, 'time');
  const [first] = files;
  const what = files.length === 1 && first ? first.name : plural(files.length, 'file');
  const names = files.map(({ name }) => withoutLinks(name)).join(', ');
  return layoutMail({
    subject: `Until ${formatDate(share.expiresAt)}: ${what} from ${share.senderName}`,
    preview: `You have not fetched it yet. The link works until ${until}.`,
    body: html`<p style="margin:0 0 12px">
        <strong>${senderName}</strong> (${senderEmail}) sent you ${plural(files.length, 'file')} that you have
        not fetched yet: ${names}.
      </p>
      ${mailButton(url, files.length === 1 ? 'Get the file' : 'Get the files')}
      <p style="margin:0;color:#5b6573;font-size:14px">
        The link is yours alone and works until ${until}. This is the only reminder.
      </p>`,
    text: `${senderName} (${senderEmail}) sent you ${plural(files.length, 'file')} that you have not fetched yet: ${names}.

Get ${files.length === 1 ? 'the file' : 'the files'}: ${url}

The link is yours alone and works until ${until}. This is the only reminder.`,
    footer: {
      html: html`You did not expect this, or it is abusive?
        <a href="${reportUrl}" style="color:inherit">Report it</a>.`,
      text: `You did not expect this, or it is abusive? Report it: ${reportUrl}`,
    },
  });
}

/** Tells a sender which shares end within two days, and who has fetched nothing of them. */
export function composeSharesExpiring(mail: {
  firstName: string;
  shares: { names: string[]; expiresAt: Date; waiting: number; people: number }[];
  historyUrl: string;
}): MailContent {
  const { shares, historyUrl } = mail;
  const lines = shares.map(({ names, expiresAt, waiting, people }) => {
    const who =
      waiting === 0 ? 'everybody has downloaded' : `${waiting} of ${people} have downloaded nothing yet`;
    return `${withoutLinks(names.join(', '))}: until ${formatDate(expiresAt, 'time')}, ${who}`;
  });
  const what = plural(shares.length, 'share');
  return layoutMail({
    subject: shares.length === 1 ? 'A share of yours ends soon' : `${what} of yours end soon`,
    preview: 'Open it to let it live longer.',
    body: html`<p>Hello ${mail.firstName},</p>
      <p>${shares.length === 1 ? 'a share of yours ends' : `${what} of yours end`} within two days:</p>
      <ul>
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>
      <p>Whoever has downloaded nothing is reminded, where the first mail arrived.</p>
      ${mailButton(historyUrl, 'Open your history')}`,
    text: `Hello ${mail.firstName},

${shares.length === 1 ? 'a share of yours ends' : `${what} of yours end`} within two days:

${lines.map((line) => `- ${line}`).join('\n')}

Whoever has downloaded nothing is reminded, where the first mail arrived. Your history: ${historyUrl}`,
    footer: 'You get this mail because you have an account at Passalong.',
  });
}
