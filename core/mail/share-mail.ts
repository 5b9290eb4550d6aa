import { html } from '../html.js';
import { formatBytes, formatDate, plural } from '../messages/format.js';
import { layoutMail, mailButton, withoutLinks, type MailContent } from './layout.js';

/** The mail that a recipient gets: who sent what, how large, until when, and where to report it. */
export function composeShareMail(share: {
  senderName: string;
  senderEmail: string;
  message: string | null;
  expiresAt: Date;
  files: { name: string; sizeBytes: number }[];
  url: string;
  reportUrl: string;
}): MailContent {
  const { files, url, reportUrl, senderEmail } = share;
  const senderName = withoutLinks(share.senderName);
  const until = formatDate(share.expiresAt, 'time');
  const [first] = files;
  const what = files.length === 1 && first ? first.name : plural(files.length, 'file');
  const message = share.message && withoutLinks(share.message);
  const cell = 'padding:8px 0;border-bottom:1px solid #e3e6eb';
  return layoutMail({
    subject: `${share.senderName} sent you ${what}`,
    preview: `${plural(files.length, 'file')}, available until ${until}`,
    body: html`<p style="margin:0 0 12px">
        <strong>${senderName}</strong> (${senderEmail}) sent you ${plural(files.length, 'file')}.
      </p>
      ${message && html`<blockquote style="margin:0 0 16px;padding:8px 16px;border-left:3px solid #c9d0dc;white-space:pre-wrap">${message}</blockquote>`}
      <table role="presentation" style="width:100%;border-collapse:collapse">
        ${files.map(
          (file) =>
            html`<tr>
              <td style="${cell};word-break:break-word">${withoutLinks(file.name)}</td>
              <td style="${cell};padding-left:12px;text-align:right;white-space:nowrap">
                ${formatBytes(file.sizeBytes)}
              </td>
            </tr>`,
        )}
      </table>
      ${mailButton(url, files.length === 1 ? 'Get the file' : 'Get the files')}
      <p style="margin:0;color:#5b6573;font-size:14px">
        The link is yours alone and works until ${until}. Answer to this mail to write to ${senderName}.
      </p>`,
    text: [
      `${senderName} (${senderEmail}) sent you ${plural(files.length, 'file')}:`,
      ...files.map((file) => `  ${withoutLinks(file.name)} (${formatBytes(file.sizeBytes)})`),
      ...(message ? ['', ...message.split('\n').map((line) => `> ${line}`)] : []),
      '',
      `Get ${files.length === 1 ? 'the file' : 'the files'}: ${url}`,
      '',
      `The link is yours alone and works until ${until}. Answer to this mail to write to the sender.`,
    ].join('\n'),
    footer: {
      html: html`You did not expect this, or it is abusive?
        <a href="${reportUrl}" style="color:inherit">Report it</a>.`,
      text: `You did not expect this, or it is abusive? Report it: ${reportUrl}`,
    },
  });
}
