import { formatBytes, formatDate, formatSizes, plural } from './format.js';

type Nothing = Readonly<Record<string, never>>;

/** What the edge adds to an error of the kind `unavailable`, and logs. */
type Referred = Readonly<{ reference?: string }>;

/** Names of delivery states, spelled out so that the Lambda's bundle needs no generated code. */
const DELIVERY_WORDS = {
  PENDING: 'waiting',
  CLAIMED: 'sending',
  SENDING: 'sending',
  SENT: 'sent',
  DELIVERED: 'delivered',
  BOUNCED: 'bounced',
  COMPLAINED: 'marked as spam',
  UNCONFIRMED: 'not confirmed: the mail may or may not have left',
  FAILED: 'refused by the mail service',
  CANCELLED: 'withdrawn',
  SUPPRESSED: 'could not be delivered',
} as const;

/** The same for the states of a share. */
const SHARE_WORDS = {
  AWAITING_UPLOAD: 'waiting for its files',
  RECEIVED: 'being copied',
  STORING: 'being copied',
  READY: 'live',
  FAILED: 'failed',
  REVOKED: 'revoked',
  EXPIRED: 'expired',
} as const;

/** Each in its own words, whatever the catalogue. */
export const LANGUAGE_NAMES: Readonly<Record<string, string>> = { en: 'English', de: 'Deutsch' };

export type ShareStateName = keyof typeof SHARE_WORDS;

/** What became of a mail that did not arrive. */
const BOUNCE_WORDS = {
  BOUNCED: (email: string) => `${email} bounced: the mail came back.`,
  FAILED: (email: string) => `The mail to ${email} was refused.`,
  SUPPRESSED: (email: string) => `The mail to ${email} could not be delivered.`,
};

function othersArrived({ arrived, others }: { arrived: number; others: number }): string {
  if (others === 0) return '';
  return arrived === others
    ? ` The other ${others === 1 ? 'mail' : `${others} mails`} arrived or ${others === 1 ? 'is' : 'are'} on the way.`
    : ` Of the other ${plural(others, 'mail')}, ${arrived} arrived or ${arrived === 1 ? 'is' : 'are'} on the way.`;
}

export type DeliveryStateName = keyof typeof DELIVERY_WORDS;

/**
 * Every sentence that errors, chat and mails say, in English. A key is an error's code or a message's name;
 * another language is one more file of the same shape. Text is plain: each edge escapes it for its medium.
 */
export const en = {
  // Files
  'file.none': (_: Nothing) => 'Choose at least one file. Nothing was sent.',
  'file.too_many': (p: { max: number }) => `One share can carry ${p.max} files. Nothing was sent.`,
  'file.missing': (p: { name: string }) => `There is no file ${p.name}. Nothing was sent.`,
  'file.not_a_file': (p: { name: string }) => `${p.name} is not a file. Nothing was sent.`,
  'file.empty': (p: { name: string }) => `${p.name} is empty (0 bytes). Nothing was sent.`,
  'file.too_large': (p: { name: string; sizeBytes: number; limitBytes: number }) => {
    const [size, limit] = formatSizes([p.sizeBytes, p.limitBytes]);
    return `${p.name} is ${size}; the limit is ${limit}. Nothing was sent.`;
  },
  'file.deleted': (p: { name: string; platform: string }) =>
    `${p.name} was deleted in ${p.platform} before I could copy it. Upload it again and retry. Nothing was sent.`,
  'file.hidden': (p: { name: string }) =>
    `${p.name} is hidden because this workspace's free plan hides files older than 90 days. Upload it again to share it.`,
  'file.foreign': (p: { name: string }) =>
    `${p.name} belongs to another organisation and Slack won't let me read it. Ask its owner, or download and re-upload it here.`,
  'file.external': (p: { name: string; where: string }) =>
    `${p.name} lives in ${p.where}; I can only send files stored in Slack. Share it from ${p.where}, or upload a copy.`,
  'file.not_visible': (p: { bot: string }) =>
    `I can't read files in this private conversation. Invite me with /invite @${p.bot} and try again, or send me the file in a direct message. Nothing was sent.`,
  'file.not_own': (_: Nothing) => 'I can only send files that you uploaded yourself. Nothing was sent.',
  'file.link_expired': (p: { name: string }) =>
    `Discord's link to ${p.name} expired before I could copy it. Please attach it again. Nothing was sent.`,
  'file.reinstall': (p: { url?: string | null }) =>
    `The Passalong app needs to be reinstalled in this workspace. Ask an admin of this workspace${p.url ? `: ${p.url}` : '.'} Nothing was sent.`,
  'file.not_the_file': (p: { name: string; platform: string }) =>
    `${p.platform} answered with a sign-in page instead of ${p.name}. An admin may have to reinstall the app. Nothing was sent.`,
  'file.size_differs': (p: { name: string }) =>
    `${p.name} arrived with another size than announced. Upload it again and retry. Nothing was sent.`,
  'file.unreachable': (p: { name: string; platform: string } & Referred) =>
    `I could not fetch ${p.name} from ${p.platform}. Try again in a few minutes. Nothing was sent.${referTo(p)}`,
  'file.blocked_source': (p: { name: string }) =>
    `${p.name} can't be shared: it is not stored where I may fetch files. Upload it again and retry. Nothing was sent.`,
  'file.blocked_type': (p: { name: string; type: string }) =>
    `${p.name} can't be shared: files that end in .${p.type} are not allowed here. Nothing was sent.`,
  'file.infected': (p: { name: string; malware: string }) =>
    `${p.name} can't be shared: it contains malware (${p.malware}). Nothing was sent.`,
  'file.too_large_to_scan': (p: { name: string }) =>
    `${p.name} can't be shared: it is larger than the malware scanner takes. Nothing was sent.`,
  'file.upload_missing': (p: { name: string }) =>
    `The upload of ${p.name} did not complete. Upload it again. Nothing was sent.`,

  // Recipients and the request
  'recipients.none': (_: Nothing) =>
    'Who should get it? Add 1 to 5 email addresses, for example ann@example.com bob@example.com.',
  'recipients.one': (_: Nothing) => 'Enter one address. Nothing was sent.',
  'recipients.has_share': (p: { email: string }) => `${p.email} has this share already. Nothing was sent.`,
  'recipients.too_many': (p: { count: number; max: number }) =>
    `You added ${p.count} addresses; one share can go to ${p.max}. Remove ${p.count - p.max} or send two shares. Nothing was sent.`,
  'recipients.malformed': (p: { addresses: string[] }) => malformed(p.addresses),
  'recipients.mention': (p: { name: string; addresses?: string[] }) =>
    `I can't look up ${p.name}'s email. Type the address instead.${p.addresses ? ` ${malformed(p.addresses)}` : ''}`,
  'share.message_too_long': (p: { max: number }) =>
    `The message is longer than ${p.max} characters. Nothing was sent.`,
  'share.lifetime': (_: Nothing) => 'Choose how long the link lives: 1, 7 or 30 days. Nothing was sent.',
  'share.form_stale': (_: Nothing) =>
    'This form was already used for another share. Reload the page and try again.',
  'share.rate_limited': (p: { max: number; at: Date }) =>
    `You've reached ${plural(p.max, 'share')} this hour. Try again at ${formatDate(p.at, 'time')}.`,
  'share.recipients_limited': (p: { max: number }) =>
    `That would be more than ${p.max} mails in 24 hours, which is your limit. Try again tomorrow. Nothing was sent.`,
  'share.storage_full': (p: { limitBytes: number }) =>
    `Your live shares would hold more than ${formatBytes(p.limitBytes)}. Delete one that is no longer needed and try again. Nothing was sent.`,
  'share.not_found': (_: Nothing) => 'There is no such share.',
  'share.ended': (_: Nothing) => 'This share has already ended.',
  'share.not_ready': (p: Referred) =>
    `The files of this share are not stored yet. Try again in a moment.${referTo(p)}`,
  'share.busy': (p: Referred) =>
    `A mail of this share is being sent at this moment. Try again in a few seconds.${referTo(p)}`,
  'share.draft_gone': (_: Nothing) =>
    'This share is no longer waiting: it was sent, cancelled, or is older than 30 minutes.',
  'delivery.too_early': (p: { minutes: number }) =>
    `Nobody knows yet whether this mail left. If Amazon does not tell us, you can send it again in ${plural(p.minutes, 'minute')}.`,
  'delivery.just_sent': (p: { seconds: number }) =>
    `This mail has only just left. You can send it again in ${plural(p.seconds, 'second')}.`,
  'delivery.under_way': (_: Nothing) => 'This mail has not left yet, so there is nothing to send again.',
  'delivery.not_resendable': (_: Nothing) => 'This mail cannot be sent again.',

  // Rules of a workspace
  'rules.domain': (p: { address: string; domains: string[] }) =>
    `${p.address} is refused by a rule of this workspace: its administrator allows recipients at ${p.domains.join(', ')} only. Nothing was sent.`,
  'rules.lifetime': (p: { max: number }) =>
    `This is refused by a rule of this workspace: its administrator lets links live ${plural(p.max, 'day')} at most. Nothing was sent.`,
  'rules.file_size': (p: { name: string; sizeBytes: number; limitBytes: number }) => {
    const [size, limit] = formatSizes([p.sizeBytes, p.limitBytes]);
    return `${p.name} is refused by a rule of this workspace: it is ${size}, and its administrator allows files up to ${limit}. Nothing was sent.`;
  },
  'rules.extension': (p: { max: number }) =>
    `This is refused by a rule of the workspace that it was shared from: its administrator lets links live ${plural(p.max, 'day')} at most.`,
  'rules.not_admin': (_: Nothing) => 'Only whoever administers this workspace can do this.',
  'rules.domains_malformed': (p: { domains: string[] }) =>
    `Write domains such as example.com or *.example.com, and no more than fit here.${p.domains.length > 0 ? ` These are none: ${p.domains.join(', ')}.` : ''}`,
  'rules.size_malformed': (_: Nothing) => 'Write a number of MB, for example 25, or nothing for no limit.',

  // Accounts
  'account.not_confirmed': (_: Nothing) =>
    'Confirm your e-mail address first: open the link in the mail that we sent you.',
  'account.paused': (_: Nothing) =>
    'Sharing is paused for this account. Answer to any of our mails to have it looked at.',
  'account.name_missing': (_: Nothing) => 'Enter your name.',
  'account.name_too_long': (p: { max: number }) => `Use at most ${p.max} characters.`,
  'account.email_malformed': (_: Nothing) => 'Enter an e-mail address, for example ann@example.com.',
  'account.password_short': (p: { min: number }) => `Use at least ${p.min} characters.`,
  'account.password_long': (p: { max: number }) => `Use at most ${p.max} characters.`,
  'account.password_common': (_: Nothing) =>
    'This password is on lists of common passwords or contains your name or ours. Choose another.',
  'account.signed_out': (_: Nothing) => 'You are signed out. Sign in again and go on.',
  'account.sign_in_failed': (_: Nothing) => 'The e-mail address or the password is wrong.',
  'account.password_wrong': (_: Nothing) => 'The password is wrong.',
  'account.too_many_tries': (p: { seconds: number }) =>
    `Too many tries. Try again in ${plural(Math.ceil(p.seconds / 60), 'minute')}.`,
  'account.busy': (p: Referred) =>
    `Too many people are signing in at this moment. Try again in a few seconds.${referTo(p)}`,
  'account.token_dead': (_: Nothing) => 'This link has expired or was already used. Ask for a new one.',

  // Links between chat and account
  'link.expired': (p: { platform: string }) =>
    `This link has expired. Go back to ${p.platform} and press Connect account again.`,
  'link.taken': (p: { platform: string }) =>
    `This ${p.platform} identity is connected to another account. Disconnect it there first.`,
  'link.not_yours': (_: Nothing) => 'Only the person who asked for this connection can confirm it.',

  // Chat
  'chat.no_recipients': (_: Nothing) =>
    'Who should get it? Add 1 to 5 email addresses, for example /share ann@example.com bob@example.com.',
  'chat.listed_twice': (p: { address: string }) => `Sent once to ${p.address} (listed twice).`,
  'chat.unexpected': (p: { reference: string }) =>
    `Something went wrong on our side, and nothing was sent. Reference ${p.reference}.`,
  'chat.not_connected': (_: Nothing) =>
    "Connect your Passalong account to share files. It takes a minute, and I'll keep this share ready for 30 minutes.",
  'chat.already_connected': (_: Nothing) => 'Your Passalong account is connected already.',
  'chat.connect_steps': (p: { platform: string }) =>
    `Open the portal, sign in and approve. Then come back to ${p.platform} and confirm here. The link works for 10 minutes.`,
  'chat.confirm_link': (p: { name: string; email: string }) =>
    `Connect to the account of ${p.name} (${p.email})? Files that you share here are then sent, listed and billed there.`,
  'chat.connected': (p: { email: string }) => `Connected to ${p.email}. You can share files now.`,
  'chat.link_refused': (_: Nothing) => 'Nothing was connected.',
  'chat.confirm_title': (p: { files: number; people: number }) =>
    `Send ${plural(p.files, 'file')} to ${people(p.people)}?`,
  'chat.confirm_file': (p: { name: string; sizeBytes: number }) =>
    `• ${p.name} (${formatBytes(p.sizeBytes)})`,
  'chat.confirm_to': (p: { emails: string[] }) => `To: ${p.emails.join(', ')}`,
  'chat.confirm_lifetime': (p: { days: number }) => `The link lives ${plural(p.days, 'day')}.`,
  'chat.cancelled': (_: Nothing) => 'Cancelled. Nothing was sent.',
  'chat.queued': (p: { names: string }) =>
    `Saved: ${p.names}. I will copy the bytes and mail the links in a moment.`,
  'chat.copying': (p: { names: string; stored: number; files: number }) =>
    p.files === 1
      ? `Copying ${p.names} …`
      : `Copying ${p.names} … ${bar(p.stored, p.files)} ${p.stored}/${p.files}`,
  'chat.sending_in': (p: { names: string; people: number; seconds: number }) =>
    `Sending ${p.names} to ${people(p.people)} in ${plural(p.seconds, 'second')} …`,
  'chat.sending': (p: { names: string; people: number }) => `Sending ${p.names} to ${people(p.people)} …`,
  'chat.sent': (p: { names: string; bytes: number; people: number; expiresAt: Date }) =>
    `Sent ${p.names} (${formatBytes(p.bytes)}) to ${people(p.people)}. Link expires ${formatDate(p.expiresAt)}.`,
  'chat.sent_to_some': (p: { names: string; bytes: number; people: number; of: number; expiresAt: Date }) =>
    `Sent ${p.names} (${formatBytes(p.bytes)}) to ${p.people} of ${people(p.of)}. Link expires ${formatDate(p.expiresAt)}.`,
  'chat.sent_to_nobody': (p: { names: string }) => `${p.names} reached nobody.`,
  'chat.recipient': (p: { email: string; state: DeliveryStateName; downloads: number }) =>
    p.downloads > 0
      ? `• ${p.email} — downloaded ${p.downloads === 1 ? 'once' : `${p.downloads} times`}`
      : `• ${p.email} — ${DELIVERY_WORDS[p.state]}`,
  'chat.failed': (p: { names: string }) => `${p.names} could not be sent.`,
  'chat.undone': (p: { names: string }) => `Undone: ${p.names}. Nothing was sent.`,
  'chat.revoked': (p: { names: string }) => `Revoked: ${p.names}. The links no longer work.`,
  'chat.expired': (p: { names: string }) => `Expired: ${p.names}. The links no longer work.`,
  'chat.downloaded': (p: { email: string; names: string }) => `${p.email} downloaded ${p.names}.`,
  'chat.bounced': (p: {
    email: string;
    outcome: 'BOUNCED' | 'FAILED' | 'SUPPRESSED';
    arrived: number;
    others: number;
  }) => `${BOUNCE_WORDS[p.outcome](p.email)}${othersArrived(p)}`,
  'chat.complained': (p: { email: string }) =>
    `${p.email} marked your mail as spam. No share goes to this address any more.`,
  'chat.expiring': (p: { names: string; expiresAt: Date }) =>
    `${p.names}: the links end on ${formatDate(p.expiresAt, 'time')}.`,
  'chat.expiring_waiting': (p: { waiting: string[]; people: number }) =>
    p.waiting.length === 0
      ? 'Everybody has downloaded something.'
      : `Nothing was downloaded yet by ${p.waiting.join(', ')} (${p.waiting.length} of ${p.people}); whom the first mail reached is reminded.`,
  'chat.address_changed': (p: { email: string }) =>
    `Sent to ${p.email} instead, with a link of their own. The old link no longer works.`,
  'chat.no_recent_file': (_: Nothing) =>
    "I don't see a file from you in this channel in the last 10 minutes. Add one here. Or, for an older file or one in a thread, open the menu of its message and pick Share files by email.",
  'chat.no_files_in_message': (_: Nothing) =>
    'This message has no files. Use the menu of a message with files, or /share.',
  'chat.attach_to_message': (_: Nothing) =>
    'Attach the files to your message, with the addresses in its text, or use /share.',
  'chat.no_direct_messages': (_: Nothing) =>
    "I can't write to you directly, so I did nothing. Use /share here: only you see its answers.",
  'chat.no_file_here': (_: Nothing) =>
    'Add the files that they should get: choose them here, or send me a message with files and addresses.',
  'chat.help_title': (_: Nothing) => 'Share files by e-mail, and stay in control of them',
  'chat.help': (_: Nothing) =>
    [
      '/share ann@example.com bob@example.com — sends your own files of the last ten minutes in this channel, once you have seen which',
      '/share — opens a form for files and addresses',
      'Share files by email, in the menu of any message with files, also in threads',
      'Or send me a direct message with files and addresses.',
      '/share history, /share revoke — what you have shared, and to end it',
      '/share settings, /share connect, /share disconnect — how you share, and from which Passalong account',
      '/share help — this text',
      'A share takes up to 10 files and 5 addresses. Each person gets a link of their own, which you can withdraw at any time.',
    ].join('\n'),
  'chat.help_discord': (_: Nothing) =>
    [
      '/share — sends the attached files to the addresses in emails, with a message and an expiry if you like',
      '/passalong history, /passalong revoke — what you have shared, and to end it',
      '/passalong settings, /passalong connect, /passalong disconnect — how you share, and from which Passalong account',
      '/passalong help — this text',
      'A share takes up to 5 files here and 5 addresses. Each person gets a link of their own, which you can withdraw on the portal.',
    ].join('\n'),
  'chat.help_terminal': (_: Nothing) =>
    [
      'npm run chat -- "/share ann@example.com bob@example.com" plan.pdf — sends files of this machine',
      'npm run chat -- /connect — connects your Passalong account; --yes confirms without asking',
      'npm run chat -- /help — this text',
    ].join('\n'),
  'chat.connect_first': (_: Nothing) =>
    'Connect your Passalong account first: npm run chat -- /connect. Nothing was sent.',
  'chat.confirm_needed': (_: Nothing) =>
    'Nobody is here to confirm. Run it in a terminal, or add --yes. Nothing was connected.',
  'chat.connect_to_use': (_: Nothing) => 'Connect your Passalong account first. It takes a minute.',
  'chat.disconnected': (_: Nothing) =>
    'Disconnected. Nothing can be shared from your account here any more; what you have shared stays as it is.',
  'chat.history_title': (_: Nothing) => 'Your shares',
  'chat.history_empty': (_: Nothing) => 'You have shared nothing yet.',
  'chat.history_line': (p: {
    number: number;
    names: string;
    emails: string[];
    createdAt: Date;
    state: ShareStateName;
    downloaded: number;
  }) =>
    `${p.number}. ${p.names} → ${p.emails.join(', ')} — ${formatDate(p.createdAt)}, ${SHARE_WORDS[p.state]}` +
    (p.downloaded > 0 ? `, downloaded by ${p.downloaded} of ${p.emails.length}` : ''),
  'chat.revoke_title': (_: Nothing) => 'Which one shall be revoked? Its links stop working at once.',
  'chat.nothing_to_revoke': (_: Nothing) => 'None of your shares is live, so there is nothing to revoke.',
  'chat.share_title': (p: { names: string }) => p.names,
  'chat.share_expiry': (p: { expiresAt: Date }) => `The links live until ${formatDate(p.expiresAt, 'time')}.`,
  'chat.link': (p: { email: string; url: string }) =>
    `This is the link of ${p.email}, and theirs alone. Whoever has it can download the files:\n${p.url}`,
  'chat.settings_title': (_: Nothing) => 'How you share from chat',
  'chat.setting_confirm': (p: { isOn: boolean }) =>
    p.isOn
      ? 'Before a share is sent, I show it once more: files, addresses and expiry.'
      : 'A share is sent as soon as it is typed.',
  'chat.setting_undo': (p: { seconds: number }) =>
    p.seconds === 0
      ? 'Without that, mails leave at once.'
      : `Without that, mails wait ${plural(p.seconds, 'second')}, so that you can undo.`,
  'chat.setting_language': (p: { language: string | null }) =>
    p.language ? `I speak ${LANGUAGE_NAMES[p.language] ?? p.language}.` : 'I speak the language of the app.',
  'chat.setting_downloads': (p: { isOn: boolean }) =>
    p.isOn ? 'I tell you when somebody downloads.' : 'I do not tell you of downloads.',
  'chat.yes_or_no': (_: Nothing) => 'y/N',
  'chat.still_under_way': (_: Nothing) =>
    'This takes longer than usual. It goes on by itself; the portal shows how it ends.',
  'chat.more_lines': (p: { lines: number }) =>
    `… and ${plural(p.lines, 'more line')}: the portal shows all of it.`,
  'button.connect': (_: Nothing) => 'Connect account',
  'button.not_now': (_: Nothing) => 'Not now',
  'button.open_portal': (_: Nothing) => 'Open the portal',
  'button.confirm_link': (_: Nothing) => 'Connect',
  'button.not_me': (_: Nothing) => "This isn't me",
  'button.send': (_: Nothing) => 'Send',
  'button.cancel': (_: Nothing) => 'Cancel',
  'button.share_file': (_: Nothing) => 'Share a file',
  'button.settings': (_: Nothing) => 'Settings',
  'install.done': (p: { name: string }) => `Passalong is installed in ${p.name}`,
  'install.next': (_: Nothing) =>
    'Go back to Slack, post a file and type /share with an e-mail address, or open Passalong under Apps.',
  'install.failed': (_: Nothing) => 'Passalong was not installed',
  'install.again': (_: Nothing) => 'Try again',
  'button.disconnect': (_: Nothing) => 'Disconnect',
  'button.fix': (_: Nothing) => 'Fix addresses',
  'button.undo': (_: Nothing) => 'Undo',
  'button.revoke': (_: Nothing) => 'Revoke',
  'button.revoke_one': (p: { number: number }) => `Revoke ${p.number}`,
  'button.details': (_: Nothing) => 'Details',
  'button.show': (p: { number: number }) => `Show ${p.number}`,
  'button.newer': (_: Nothing) => 'Newer',
  'button.older': (_: Nothing) => 'Older',
  'button.back': (_: Nothing) => 'Back',
  'button.history': (_: Nothing) => 'Your shares',
  'button.extend': (_: Nothing) => 'Extend 7 days',
  'button.copy_link': (p: { email: string }) => `Copy link: ${p.email}`,
  'button.resend': (p: { email: string }) => `Send again: ${p.email}`,
  'button.set_confirm': (p: { isOn: boolean }) => (p.isOn ? 'Show before sending' : 'Send without asking'),
  'button.set_undo': (p: { seconds: number }) =>
    p.seconds === 0 ? 'No undo time' : `Undo time ${p.seconds} s`,
  'button.set_language': (p: { language: string | null }) =>
    p.language ? (LANGUAGE_NAMES[p.language] ?? p.language) : 'Language of the app',
  'button.set_downloads': (p: { isOn: boolean }) =>
    p.isOn ? 'Tell me of downloads' : 'No news of downloads',
  'button.mute': (_: Nothing) => 'No more of these',
  'button.change_address': (_: Nothing) => 'Change address',
  'button.choose_files': (_: Nothing) => 'Choose files',
  'command.share': (_: Nothing) => 'Send files to e-mail addresses',
  'command.file': (_: Nothing) => 'The file to send',
  'command.another_file': (_: Nothing) => 'Another file',
  'command.emails': (_: Nothing) => '1 to 5 e-mail addresses',
  'command.message': (_: Nothing) => 'A message to the recipients',
  'command.expires': (_: Nothing) => 'How long the links live (7 days unless you choose)',
  'command.passalong': (_: Nothing) => 'Your Passalong account in Discord',
  'command.connect': (_: Nothing) => 'Connect your Passalong account',
  'command.disconnect': (_: Nothing) => 'Disconnect your Passalong account',
  'command.history': (_: Nothing) => 'What you have shared, and what became of it',
  'command.revoke': (_: Nothing) => 'End a share: its links stop working at once',
  'command.settings': (_: Nothing) => 'How you share from chat',
  'command.share_message': (_: Nothing) => 'Share files by email',
  'command.help': (_: Nothing) => 'How to share files by e-mail',
  'modal.title': (_: Nothing) => 'Share files by email',
  'modal.files': (_: Nothing) => 'Files',
  'modal.files_hint': (_: Nothing) =>
    'The file picker takes up to 10 MB. For larger files, post the file and use Share files by email on the message.',
  'modal.upload_limit': (p: { files: number; limitBytes: number }) =>
    `Up to ${p.files} files of ${formatBytes(p.limitBytes)} each`,
  'modal.change_address': (_: Nothing) => 'Change address',
  'modal.new_address': (_: Nothing) => 'Send it to this address instead',
  'modal.emails': (_: Nothing) => 'To (1 to 5 email addresses)',
  'modal.message': (_: Nothing) => 'Message',
  'modal.lifetime': (_: Nothing) => 'The link lives',
  'modal.days': (p: { days: number }) => plural(p.days, 'day'),
  'modal.send': (_: Nothing) => 'Send',
  'command.rules': (_: Nothing) => 'What may be shared from this server, and its share log',
  'chat.rules_title': (_: Nothing) => 'Rules of this workspace',
  'chat.rules_domains': (p: { domains: string[] }) =>
    p.domains.length > 0 ? `Recipients: ${p.domains.join(', ')} only` : 'Recipients: anybody',
  'chat.rules_lifetime': (p: { max: number | null }) =>
    p.max === null ? 'Longest expiry: no limit of your own' : `Longest expiry: ${plural(p.max, 'day')}`,
  'chat.rules_size': (p: { max: number | null }) =>
    p.max === null ? 'Largest file: no limit of your own' : `Largest file: ${formatBytes(p.max)}`,
  'chat.rules_saved': (_: Nothing) => 'Saved. The rules hold for everything that is shared here from now on.',
  'chat.log_link': (p: { minutes: number }) =>
    `Everything that was shared from here, as CSV. The link works for ${plural(p.minutes, 'minute')}, and for you alone, signed in on the portal.`,
  'button.change_rules': (_: Nothing) => 'Change rules',
  'button.export_log': (_: Nothing) => 'Export share log',
  'button.download_log': (_: Nothing) => 'Download CSV',
  'modal.rules_title': (_: Nothing) => 'Workspace rules',
  'modal.rules_domains': (_: Nothing) => 'Allowed recipient domains',
  'modal.rules_domains_hint': (_: Nothing) => 'example.com, *.example.com for what is below it. Empty: all.',
  'modal.rules_lifetime': (_: Nothing) => 'Longest expiry',
  'modal.rules_no_limit': (_: Nothing) => 'No limit',
  'modal.rules_size': (_: Nothing) => 'Largest file in MB (empty: no limit)',
  'modal.save': (_: Nothing) => 'Save',

  // What the portal says once, after something was done
  'note.address_confirmed': (_: Nothing) => 'Your address is confirmed.',
  'note.mail_again': (_: Nothing) => 'The mail is on its way again.',
  'note.password_changed': (_: Nothing) => 'Your password is changed. Sign in with the new one.',
  'note.disconnected': (_: Nothing) => 'Disconnected. It can no longer share from your account.',
  'note.confirm_in_chat': (p: { platform: string }) =>
    `Now confirm in ${p.platform}: go back to it and press Connect. Nothing is connected until you do.`,
  'note.not_connected': (_: Nothing) => 'Nothing was connected, and the link is dead.',
  'note.withdrawn': (_: Nothing) => 'The share is withdrawn. No mail leaves and no download starts any more.',
  'note.deleted': (_: Nothing) => 'The share is deleted.',
  'note.link_withdrawn': (_: Nothing) => 'The link of this recipient no longer works.',

  // Recipients' pages
  'page.dead_link': (_: Nothing) => 'This link does not work. It may have been withdrawn, or mistyped.',

  // Anything
  'storage.unavailable': (p: Referred) =>
    `I couldn't save your file just now, so nothing was sent. Try again in a few minutes.${referTo(p)}`,
  'scanner.unavailable': (p: Referred) =>
    `I couldn't check your file for malware just now, so nothing was sent. Try again in a few minutes.${referTo(p)}`,
  'service.unavailable': (p: Referred) =>
    `This does not work at the moment. Try again in a minute.${referTo(p)}`,
  'request.malformed': (_: Nothing) => 'That request was not understood. Reload the page and try again.',
  'request.too_large': (_: Nothing) => 'That is more than this form takes.',
  'request.forged': (_: Nothing) =>
    'This form is too old or came from another site. Reload the page and try again.',
  'page.not_found': (_: Nothing) => 'There is nothing here.',
  unexpected: (p: { reference: string }) => `Something went wrong on our side. Reference ${p.reference}.`,
} as const;

/** Ten places: `▰▰▰▱▱▱▱▱▱▱`. */
export function bar(done: number, all: number): string {
  const filled = Math.round((done / all) * 10);
  return '▰'.repeat(filled) + '▱'.repeat(10 - filled);
}

function malformed(addresses: string[]): string {
  return `These don't look like email addresses: ${addresses.join(', ')}. Nothing was sent.`;
}

function referTo({ reference }: Referred): string {
  return reference ? ` Reference ${reference}.` : '';
}

function people(count: number): string {
  return count === 1 ? '1 person' : `${count} people`;
}

export type MessageCode = keyof typeof en;
export type MessageParams<C extends MessageCode> = Parameters<(typeof en)[C]>[0];
