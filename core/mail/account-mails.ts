import { html } from '../html.js';
import { layoutMail, mailButton, type MailContent } from './layout.js';

const NOT_YOU = 'If this was not you, ignore this mail: nothing happens without it.';

/** Asks the owner of an address to confirm it, with the password chosen at registration. */
export function composeConfirmAddress(mail: { firstName: string; url: string }): MailContent {
  return layoutMail({
    subject: 'Confirm your e-mail address',
    preview: 'One more step before you can share files.',
    body: html`<p>Hello ${mail.firstName},</p>
      <p>
        confirm that this is your address, and you can share files from Slack, Discord and the portal. You
        will be asked for the password that you chose.
      </p>
      ${mailButton(mail.url, 'Confirm my address')}
      <p style="color:#5b6573;font-size:14px">The link works once, for 24 hours.</p>`,
    text: `Hello ${mail.firstName},

confirm that this is your address, and you can share files from Slack, Discord and the portal.
You will be asked for the password that you chose.

${mail.url}

The link works once, for 24 hours.`,
    footer: NOT_YOU,
  });
}

/** Lets the owner of an address choose another password. */
export function composeResetPassword(mail: { firstName: string; url: string }): MailContent {
  return layoutMail({
    subject: 'Choose a new password',
    preview: 'Somebody asked for a new password for your account.',
    body: html`<p>Hello ${mail.firstName},</p>
      <p>somebody, probably you, asked for a new password for your Passalong account.</p>
      ${mailButton(mail.url, 'Choose a new password')}
      <p style="color:#5b6573;font-size:14px">
        The link works once, for 30 minutes. All sessions end when the password changes.
      </p>`,
    text: `Hello ${mail.firstName},

somebody, probably you, asked for a new password for your Passalong account.

${mail.url}

The link works once, for 30 minutes. All sessions end when the password changes.`,
    footer: NOT_YOU,
  });
}

/** Tells the owner of an account that somebody registered with its address again. */
export function composeAlreadyRegistered(mail: {
  firstName: string;
  signInUrl: string;
  resetUrl: string;
}): MailContent {
  return layoutMail({
    subject: 'You already have an account',
    preview: 'Somebody tried to register with your address.',
    body: html`<p>Hello ${mail.firstName},</p>
      <p>
        somebody, probably you, tried to register with this address. You already have a Passalong account.
      </p>
      ${mailButton(mail.signInUrl, 'Sign in')}
      <p style="color:#5b6573;font-size:14px">
        Forgot the password? <a href="${mail.resetUrl}">Choose a new one</a>.
      </p>`,
    text: `Hello ${mail.firstName},

somebody, probably you, tried to register with this address. You already have a Passalong account.

Sign in: ${mail.signInUrl}
Forgot the password? ${mail.resetUrl}`,
    footer: NOT_YOU,
  });
}

/** Tells an account's owner that a chat identity can now share from it. */
export function composeChatConnected(mail: { firstName: string; settingsUrl: string }): MailContent {
  return layoutMail({
    subject: 'A chat identity was connected to your account',
    preview: 'It can now share files from your account.',
    body: html`<p>Hello ${mail.firstName},</p>
      <p>
        a Slack or Discord identity was connected to your Passalong account and can now share files from it.
      </p>
      ${mailButton(mail.settingsUrl, 'See what is connected')}`,
    text: `Hello ${mail.firstName},

a Slack or Discord identity was connected to your Passalong account and can now share files from it.

See what is connected: ${mail.settingsUrl}`,
    footer: 'If this was not you, disconnect it there and choose a new password.',
  });
}
