import {
  bar,
  LANGUAGE_NAMES,
  type DeliveryStateName,
  type MessageCode,
  type MessageParams,
  type ShareStateName,
} from './en.js';
import { createFormats } from './format.js';

const { formatBytes, formatSizes, formatDate } = createFormats('de-DE', ['Byte', 'Byte']);

const DELIVERY_WORDS: Readonly<Record<DeliveryStateName, string>> = {
  PENDING: 'wartet',
  CLAIMED: 'wird gesendet',
  SENDING: 'wird gesendet',
  SENT: 'gesendet',
  DELIVERED: 'zugestellt',
  BOUNCED: 'kam zurück',
  COMPLAINED: 'als Spam gemeldet',
  UNCONFIRMED: 'nicht bestätigt: Die Mail ist vielleicht hinausgegangen, vielleicht nicht',
  FAILED: 'vom Maildienst abgelehnt',
  CANCELLED: 'zurückgezogen',
  SUPPRESSED: 'nicht zustellbar',
};

const SHARE_WORDS: Readonly<Record<ShareStateName, string>> = {
  AWAITING_UPLOAD: 'wartet auf die Dateien',
  RECEIVED: 'wird kopiert',
  STORING: 'wird kopiert',
  READY: 'offen',
  FAILED: 'fehlgeschlagen',
  REVOKED: 'zurückgezogen',
  EXPIRED: 'abgelaufen',
};

/** The catalogue in German. */
export const de: { readonly [C in MessageCode]: (params: MessageParams<C>) => string } = {
  // Files
  'file.none': () => 'Wähle mindestens eine Datei. Es wurde nichts gesendet.',
  'file.too_many': (p) => `Auf einmal gehen höchstens ${p.max} Dateien. Es wurde nichts gesendet.`,
  'file.missing': (p) => `Es gibt keine Datei ${p.name}. Es wurde nichts gesendet.`,
  'file.not_a_file': (p) => `${p.name} ist keine Datei. Es wurde nichts gesendet.`,
  'file.empty': (p) => `${p.name} ist leer (0 Byte). Es wurde nichts gesendet.`,
  'file.too_large': (p) => {
    const [size, limit] = formatSizes([p.sizeBytes, p.limitBytes]);
    return `${p.name} hat ${size}; erlaubt sind ${limit}. Es wurde nichts gesendet.`;
  },
  'file.deleted': (p) =>
    `${p.name} wurde in ${p.platform} gelöscht, bevor ich es kopieren konnte. Lade es noch einmal hoch und versuche es erneut. Es wurde nichts gesendet.`,
  'file.hidden': (p) =>
    `${p.name} ist verborgen, weil der kostenlose Tarif dieses Arbeitsbereichs Dateien nach 90 Tagen verbirgt. Lade die Datei noch einmal hoch, um sie zu teilen.`,
  'file.foreign': (p) =>
    `${p.name} gehört einer anderen Organisation, und Slack lässt mich die Datei nicht lesen. Frage, wem sie gehört, oder lade sie herunter und hier wieder hoch.`,
  'file.external': (p) =>
    `${p.name} liegt in ${p.where}; ich kann nur Dateien senden, die in Slack gespeichert sind. Teile sie von ${p.where} aus, oder lade eine Kopie hoch.`,
  'file.not_visible': (p) =>
    `Ich kann in dieser privaten Unterhaltung keine Dateien lesen. Lade mich mit /invite @${p.bot} ein und versuche es erneut, oder schicke mir die Datei als Direktnachricht. Es wurde nichts gesendet.`,
  'file.not_own': () =>
    'Ich kann nur Dateien senden, die du selbst hochgeladen hast. Es wurde nichts gesendet.',
  'file.link_expired': (p) =>
    `Discords Link zu ${p.name} ist abgelaufen, bevor ich die Datei kopieren konnte. Hänge sie bitte noch einmal an. Es wurde nichts gesendet.`,
  'file.reinstall': (p) =>
    `Passalong muss in diesem Arbeitsbereich neu installiert werden. Bitte einen Admin darum${p.url ? `: ${p.url}` : '.'} Es wurde nichts gesendet.`,
  'file.not_the_file': (p) =>
    `${p.platform} hat statt ${p.name} eine Anmeldeseite geschickt. Vielleicht muss ein Admin die App neu installieren. Es wurde nichts gesendet.`,
  'file.size_differs': (p) =>
    `${p.name} kam in einer anderen Größe an als angekündigt. Lade die Datei noch einmal hoch und versuche es erneut. Es wurde nichts gesendet.`,
  'file.unreachable': (p) =>
    `Ich konnte ${p.name} nicht von ${p.platform} holen. Versuche es in ein paar Minuten erneut. Es wurde nichts gesendet.${referTo(p)}`,
  'file.blocked_source': (p) =>
    `${p.name} kann nicht geteilt werden: Die Datei liegt nicht dort, wo ich Dateien holen darf. Lade sie noch einmal hoch und versuche es erneut. Es wurde nichts gesendet.`,
  'file.blocked_type': (p) =>
    `${p.name} kann nicht geteilt werden: Dateien, die auf .${p.type} enden, sind hier nicht erlaubt. Es wurde nichts gesendet.`,
  'file.infected': (p) =>
    `${p.name} kann nicht geteilt werden: Die Datei enthält Schadsoftware (${p.malware}). Es wurde nichts gesendet.`,
  'file.too_large_to_scan': (p) =>
    `${p.name} kann nicht geteilt werden: Die Datei ist größer, als der Virenscanner annimmt. Es wurde nichts gesendet.`,
  'file.upload_missing': (p) =>
    `${p.name} wurde nicht vollständig hochgeladen. Lade die Datei noch einmal hoch. Es wurde nichts gesendet.`,

  // Recipients and the request
  'recipients.none': () =>
    'Wer soll es bekommen? Gib 1 bis 5 E-Mail-Adressen an, zum Beispiel ann@example.com bob@example.com.',
  'recipients.one': () => 'Gib eine einzige Adresse an. Es wurde nichts gesendet.',
  'recipients.has_share': (p) => `${p.email} hat das schon bekommen. Es wurde nichts gesendet.`,
  'recipients.too_many': (p) =>
    `Du hast ${p.count} Adressen angegeben; auf einmal gehen ${p.max}. Nimm ${p.count - p.max} heraus oder teile zweimal. Es wurde nichts gesendet.`,
  'recipients.malformed': (p) => malformed(p.addresses),
  'recipients.mention': (p) =>
    `Ich kann die E-Mail-Adresse von ${p.name} nicht nachschlagen. Gib die Adresse selbst an.${p.addresses ? ` ${malformed(p.addresses)}` : ''}`,
  'share.message_too_long': (p) => `Die Nachricht ist länger als ${p.max} Zeichen. Es wurde nichts gesendet.`,
  'share.lifetime': () => 'Wähle, wie lange der Link gilt: 1, 7 oder 30 Tage. Es wurde nichts gesendet.',
  'share.form_stale': () =>
    'Mit diesem Formular wurde schon etwas anderes geteilt. Lade die Seite neu und versuche es erneut.',
  'share.rate_limited': (p) =>
    `Du hast in dieser Stunde schon ${p.max}-mal geteilt. Versuche es am ${formatDate(p.at, 'time')} erneut.`,
  'share.recipients_limited': (p) =>
    `Das wären mehr als ${p.max} Mails in 24 Stunden, und das ist deine Grenze. Versuche es morgen erneut. Es wurde nichts gesendet.`,
  'share.storage_full': (p) =>
    `Was du gerade teilst, wäre zusammen größer als ${formatBytes(p.limitBytes)}. Lösche etwas, das nicht mehr gebraucht wird, und versuche es erneut. Es wurde nichts gesendet.`,
  'share.not_found': () => 'Das gibt es nicht.',
  'share.ended': () => 'Das ist schon beendet.',
  'share.not_ready': (p) =>
    `Die Dateien sind noch nicht gespeichert. Versuche es gleich noch einmal.${referTo(p)}`,
  'share.busy': (p) =>
    `Gerade wird eine Mail davon gesendet. Versuche es in ein paar Sekunden noch einmal.${referTo(p)}`,
  'share.draft_gone': () =>
    'Das wartet nicht mehr: Es wurde gesendet, abgebrochen oder ist älter als 30 Minuten.',
  'delivery.too_early': (p) =>
    `Noch weiß niemand, ob diese Mail hinausging. Sagt Amazon es uns nicht, kannst du sie in ${p.minutes === 1 ? 'einer Minute' : `${p.minutes} Minuten`} noch einmal senden.`,
  'delivery.just_sent': (p) =>
    `Diese Mail ging eben erst hinaus. In ${p.seconds === 1 ? 'einer Sekunde' : `${p.seconds} Sekunden`} kannst du sie noch einmal senden.`,
  'delivery.under_way': () => 'Diese Mail ging noch nicht hinaus, es gibt also nichts noch einmal zu senden.',
  'delivery.not_resendable': () => 'Diese Mail kann nicht noch einmal gesendet werden.',

  // Rules of a workspace
  'rules.domain': (p) =>
    `${p.address} verstößt gegen eine Regel dieses Arbeitsbereichs: Wer ihn verwaltet, erlaubt nur Empfänger bei ${p.domains.join(', ')}. Es wurde nichts gesendet.`,
  'rules.lifetime': (p) =>
    `Das verstößt gegen eine Regel dieses Arbeitsbereichs: Wer ihn verwaltet, lässt Links höchstens ${count(p.max, 'Tag', 'Tage')} gelten. Es wurde nichts gesendet.`,
  'rules.file_size': (p) => {
    const [size, limit] = formatSizes([p.sizeBytes, p.limitBytes]);
    return `${p.name} verstößt gegen eine Regel dieses Arbeitsbereichs: Die Datei hat ${size}, und wer ihn verwaltet, erlaubt Dateien bis ${limit}. Es wurde nichts gesendet.`;
  },
  'rules.extension': (p) =>
    `Das verstößt gegen eine Regel des Arbeitsbereichs, aus dem es geteilt wurde: Wer ihn verwaltet, lässt Links höchstens ${count(p.max, 'Tag', 'Tage')} gelten.`,
  'rules.not_admin': () => 'Das kann nur, wer diesen Arbeitsbereich verwaltet.',
  'rules.domains_malformed': (p) =>
    `Schreibe Domains wie example.com oder *.example.com, und nicht mehr, als hier Platz hat.${p.domains.length > 0 ? ` Das sind keine: ${p.domains.join(', ')}.` : ''}`,
  'rules.size_malformed': () =>
    'Schreibe eine Zahl von MB, zum Beispiel 25, oder nichts, wenn es keine Grenze geben soll.',

  // Accounts
  'account.not_confirmed': () =>
    'Bestätige zuerst deine E-Mail-Adresse: Öffne den Link in der Mail, die wir dir geschickt haben.',
  'account.paused': () =>
    'Das Teilen ist für dieses Konto angehalten. Antworte auf eine unserer Mails, damit wir es uns ansehen.',
  'account.name_missing': () => 'Gib deinen Namen an.',
  'account.name_too_long': (p) => `Höchstens ${p.max} Zeichen.`,
  'account.email_malformed': () => 'Gib eine E-Mail-Adresse an, zum Beispiel ann@example.com.',
  'account.password_short': (p) => `Mindestens ${p.min} Zeichen.`,
  'account.password_long': (p) => `Höchstens ${p.max} Zeichen.`,
  'account.password_common': () =>
    'Dieses Passwort steht auf Listen häufiger Passwörter oder enthält deinen Namen oder unseren. Wähle ein anderes.',
  'account.signed_out': () => 'Du bist abgemeldet. Melde dich wieder an und mache weiter.',
  'account.sign_in_failed': () => 'Die E-Mail-Adresse oder das Passwort ist falsch.',
  'account.password_wrong': () => 'Das Passwort ist falsch.',
  'account.too_many_tries': (p) =>
    `Zu viele Versuche. Versuche es in ${count(Math.ceil(p.seconds / 60), 'Minute', 'Minuten')} erneut.`,
  'account.busy': (p) =>
    `Gerade melden sich zu viele Leute an. Versuche es in ein paar Sekunden noch einmal.${referTo(p)}`,
  'account.token_dead': () => 'Dieser Link ist abgelaufen oder wurde schon benutzt. Fordere einen neuen an.',

  // Links between chat and account
  'link.expired': (p) =>
    `Dieser Link ist abgelaufen. Gehe zurück zu ${p.platform} und drücke noch einmal „Konto verbinden“.`,
  'link.taken': (p) =>
    `Diese Identität in ${p.platform} ist mit einem anderen Konto verbunden. Trenne sie zuerst dort.`,
  'link.not_yours': () => 'Nur wer diese Verbindung angefordert hat, kann sie bestätigen.',

  // Chat
  'chat.no_recipients': () =>
    'Wer soll es bekommen? Gib 1 bis 5 E-Mail-Adressen an, zum Beispiel /share ann@example.com bob@example.com.',
  'chat.listed_twice': (p) => `Einmal an ${p.address} gesendet (stand zweimal da).`,
  'chat.unexpected': (p) =>
    `Bei uns ist etwas schiefgegangen, und es wurde nichts gesendet. Kennung ${p.reference}.`,
  'chat.not_connected': () =>
    'Verbinde dein Passalong-Konto, um Dateien zu teilen. Das dauert eine Minute, und ich hebe dies 30 Minuten für dich auf.',
  'chat.already_connected': () => 'Dein Passalong-Konto ist schon verbunden.',
  'chat.connect_steps': (p) =>
    `Öffne das Portal, melde dich an und stimme zu. Komm dann zurück zu ${p.platform} und bestätige hier. Der Link gilt 10 Minuten.`,
  'chat.confirm_link': (p) =>
    `Mit dem Konto von ${p.name} (${p.email}) verbinden? Was du hier teilst, wird dann von dort gesendet, dort aufgeführt und abgerechnet.`,
  'chat.connected': (p) => `Verbunden mit ${p.email}. Du kannst jetzt Dateien teilen.`,
  'chat.link_refused': () => 'Es wurde nichts verbunden.',
  'chat.confirm_title': (p) => `${count(p.files, 'Datei', 'Dateien')} an ${people(p.people)} senden?`,
  'chat.confirm_file': (p) => `• ${p.name} (${formatBytes(p.sizeBytes)})`,
  'chat.confirm_to': (p) => `An: ${p.emails.join(', ')}`,
  'chat.confirm_lifetime': (p) => `Der Link gilt ${count(p.days, 'Tag', 'Tage')}.`,
  'chat.cancelled': () => 'Abgebrochen. Es wurde nichts gesendet.',
  'chat.queued': (p) => `Gespeichert: ${p.names}. Ich kopiere die Dateien und maile gleich die Links.`,
  'chat.copying': (p) =>
    p.files === 1
      ? `Kopiere ${p.names} …`
      : `Kopiere ${p.names} … ${bar(p.stored, p.files)} ${p.stored}/${p.files}`,
  'chat.sending_in': (p) =>
    `Sende ${p.names} an ${people(p.people)} in ${count(p.seconds, 'Sekunde', 'Sekunden')} …`,
  'chat.sending': (p) => `Sende ${p.names} an ${people(p.people)} …`,
  'chat.sent': (p) =>
    `${p.names} (${formatBytes(p.bytes)}) an ${people(p.people)} gesendet. Der Link gilt bis ${formatDate(p.expiresAt)}.`,
  'chat.sent_to_some': (p) =>
    `${p.names} (${formatBytes(p.bytes)}) an ${p.people} von ${people(p.of)} gesendet. Der Link gilt bis ${formatDate(p.expiresAt)}.`,
  'chat.sent_to_nobody': (p) => `${p.names} hat niemanden erreicht.`,
  'chat.recipient': (p) =>
    p.downloads > 0
      ? `• ${p.email} – ${p.downloads}-mal heruntergeladen`
      : `• ${p.email} – ${DELIVERY_WORDS[p.state]}`,
  'chat.failed': (p) => `${p.names} konnte nicht gesendet werden.`,
  'chat.undone': (p) => `Rückgängig gemacht: ${p.names}. Es wurde nichts gesendet.`,
  'chat.revoked': (p) => `Zurückgezogen: ${p.names}. Die Links funktionieren nicht mehr.`,
  'chat.expired': (p) => `Abgelaufen: ${p.names}. Die Links funktionieren nicht mehr.`,
  'chat.downloaded': (p) => `${p.email} hat ${p.names} heruntergeladen.`,
  'chat.bounced': (p) => `${BOUNCE_WORDS[p.outcome](p.email)}${othersArrived(p)}`,
  'chat.complained': (p) => `${p.email} hat deine Mail als Spam gemeldet. An diese Adresse geht nichts mehr.`,
  'chat.expiring': (p) => `${p.names}: Die Links gelten bis ${formatDate(p.expiresAt, 'time')}.`,
  'chat.expiring_waiting': (p) =>
    p.waiting.length === 0
      ? 'Alle haben etwas heruntergeladen.'
      : `Noch nichts heruntergeladen haben ${p.waiting.join(', ')} (${p.waiting.length} von ${p.people}); wen die erste Mail erreicht hat, der wird erinnert.`,
  'chat.address_changed': (p) =>
    `Stattdessen an ${p.email} gesendet, mit einem eigenen Link. Der alte Link gilt nicht mehr.`,
  'chat.no_recent_file': () =>
    'Ich sehe in diesem Kanal keine Datei von dir aus den letzten 10 Minuten. Füge hier eine hinzu. Oder öffne, bei einer älteren oder einer in einem Thread, das Menü ihrer Nachricht und wähle „Share files by email“.',
  'chat.no_files_in_message': () =>
    'An dieser Nachricht hängen keine Dateien. Nimm das Menü einer Nachricht mit Dateien, oder /share.',
  'chat.attach_to_message': () =>
    'Hänge die Dateien an deine Nachricht, mit den Adressen im Text, oder benutze /share.',
  'chat.no_direct_messages': () =>
    'Ich kann dir nicht direkt schreiben und habe nichts getan. Benutze hier /share: Die Antworten siehst nur du.',
  'chat.no_file_here': () =>
    'Füge hinzu, was gesendet werden soll: Wähle es hier, oder schicke mir eine Nachricht mit Dateien und Adressen.',
  'chat.help_title': () => 'Dateien per E-Mail teilen, und sie im Griff behalten',
  'chat.help': () =>
    [
      '/share ann@example.com bob@example.com – sendet deine eigenen Dateien der letzten zehn Minuten in diesem Kanal, nachdem du sie gesehen hast',
      '/share – öffnet ein Formular für Dateien und Adressen',
      'Share files by email, im Menü jeder Nachricht mit Dateien, auch in Threads',
      'Oder schicke mir eine Direktnachricht mit Dateien und Adressen.',
      '/share history, /share revoke – was du geteilt hast, und wie du es beendest',
      '/share settings, /share connect, /share disconnect – wie du teilst, und von welchem Passalong-Konto',
      '/share help – dieser Text',
      'Auf einmal gehen bis zu 10 Dateien an bis zu 5 Adressen. Alle bekommen einen eigenen Link, den du auf dem Portal zurückziehen kannst.',
    ].join('\n'),
  'chat.help_discord': () =>
    [
      '/share – sendet die angehängten Dateien an die Adressen in emails, wenn du magst mit Nachricht und Ablauf',
      '/passalong history, /passalong revoke – was du geteilt hast, und wie du es beendest',
      '/passalong settings, /passalong connect, /passalong disconnect – wie du teilst, und von welchem Passalong-Konto',
      '/passalong help – dieser Text',
      'Auf einmal gehen hier bis zu 5 Dateien an bis zu 5 Adressen. Alle bekommen einen eigenen Link, den du auf dem Portal zurückziehen kannst.',
    ].join('\n'),
  'chat.help_terminal': () =>
    [
      'npm run chat -- "/share ann@example.com bob@example.com" plan.pdf – sendet Dateien von diesem Rechner',
      'npm run chat -- /connect – verbindet dein Passalong-Konto; --yes bestätigt ohne Frage',
      'npm run chat -- /help – dieser Text',
    ].join('\n'),
  'chat.connect_first': () =>
    'Verbinde zuerst dein Passalong-Konto: npm run chat -- /connect. Es wurde nichts gesendet.',
  'chat.confirm_needed': () =>
    'Hier ist niemand, der bestätigen könnte. Rufe es in einem Terminal auf, oder füge --yes hinzu. Es wurde nichts verbunden.',
  'chat.connect_to_use': () => 'Verbinde zuerst dein Passalong-Konto. Das dauert eine Minute.',
  'chat.disconnected': () =>
    'Getrennt. Von hier kann nichts mehr von deinem Konto geteilt werden; was du geteilt hast, bleibt, wie es ist.',
  'chat.history_title': () => 'Was du geteilt hast',
  'chat.history_empty': () => 'Du hast noch nichts geteilt.',
  'chat.history_line': (p) =>
    `${p.number}. ${p.names} → ${p.emails.join(', ')} – ${formatDate(p.createdAt)}, ${SHARE_WORDS[p.state]}` +
    (p.downloaded > 0 ? `, von ${p.downloaded} von ${p.emails.length} heruntergeladen` : ''),
  'chat.revoke_title': () => 'Was soll zurückgezogen werden? Die Links funktionieren dann sofort nicht mehr.',
  'chat.nothing_to_revoke': () => 'Nichts von dem, was du geteilt hast, ist noch offen.',
  'chat.share_title': (p) => p.names,
  'chat.share_expiry': (p) => `Die Links gelten bis ${formatDate(p.expiresAt, 'time')}.`,
  'chat.link': (p) =>
    `Das ist der Link für ${p.email}, und nur dafür. Wer ihn hat, kann die Dateien herunterladen:\n${p.url}`,
  'chat.settings_title': () => 'So teilst du aus dem Chat',
  'chat.setting_confirm': (p) =>
    p.isOn
      ? 'Bevor etwas gesendet wird, zeige ich es noch einmal: Dateien, Adressen und Ablauf.'
      : 'Was du eingibst, wird gleich gesendet.',
  'chat.setting_undo': (p) =>
    p.seconds === 0
      ? 'Sonst gehen Mails sofort hinaus.'
      : `Sonst warten Mails ${count(p.seconds, 'Sekunde', 'Sekunden')}, damit du es rückgängig machen kannst.`,
  'chat.setting_language': (p) =>
    p.language
      ? `Ich spreche ${LANGUAGE_NAMES[p.language] ?? p.language}.`
      : 'Ich spreche die Sprache der App.',
  'chat.setting_downloads': (p) =>
    p.isOn ? 'Ich sage dir, wenn jemand etwas herunterlädt.' : 'Von Downloads sage ich dir nichts.',
  'chat.yes_or_no': () => 'j/N',
  'chat.still_under_way': () =>
    'Das dauert länger als sonst. Es geht von selbst weiter; das Portal zeigt, wie es endet.',
  'chat.more_lines': (p) =>
    `… und ${count(p.lines, 'weitere Zeile', 'weitere Zeilen')}: Das Portal zeigt alles.`,
  'button.connect': () => 'Konto verbinden',
  'button.not_now': () => 'Nicht jetzt',
  'button.open_portal': () => 'Portal öffnen',
  'button.confirm_link': () => 'Verbinden',
  'button.not_me': () => 'Das bin ich nicht',
  'button.send': () => 'Senden',
  'button.cancel': () => 'Abbrechen',
  'button.share_file': () => 'Datei teilen',
  'button.settings': () => 'Einstellungen',
  'install.done': (p) => `Passalong ist in ${p.name} installiert`,
  'install.next': () =>
    'Gehe zurück zu Slack, poste eine Datei und tippe /share mit einer E-Mail-Adresse, oder öffne Passalong unter Apps.',
  'install.failed': () => 'Passalong wurde nicht installiert',
  'install.again': () => 'Noch einmal versuchen',
  'button.disconnect': () => 'Trennen',
  'button.fix': () => 'Adressen berichtigen',
  'button.undo': () => 'Rückgängig',
  'button.revoke': () => 'Zurückziehen',
  'button.revoke_one': (p) => `${p.number} zurückziehen`,
  'button.details': () => 'Einzelheiten',
  'button.show': (p) => `${p.number} zeigen`,
  'button.newer': () => 'Neuere',
  'button.older': () => 'Ältere',
  'button.back': () => 'Zurück',
  'button.history': () => 'Alles Geteilte',
  'button.extend': () => '7 Tage verlängern',
  'button.copy_link': (p) => `Link kopieren: ${p.email}`,
  'button.resend': (p) => `Noch einmal senden: ${p.email}`,
  'button.set_confirm': (p) => (p.isOn ? 'Vor dem Senden zeigen' : 'Ohne Nachfrage senden'),
  'button.set_undo': (p) => (p.seconds === 0 ? 'Ohne Bedenkzeit' : `Bedenkzeit ${p.seconds} s`),
  'button.set_language': (p) => (p.language ? (LANGUAGE_NAMES[p.language] ?? p.language) : 'Sprache der App'),
  'button.set_downloads': (p) => (p.isOn ? 'Downloads melden' : 'Downloads nicht melden'),
  'button.mute': () => 'Nicht mehr melden',
  'button.change_address': () => 'Adresse ändern',
  'button.choose_files': () => 'Dateien wählen',
  'command.share': () => 'Dateien an E-Mail-Adressen senden',
  'command.file': () => 'Die Datei, die gesendet wird',
  'command.another_file': () => 'Noch eine Datei',
  'command.emails': () => '1 bis 5 E-Mail-Adressen',
  'command.message': () => 'Eine Nachricht an die Empfänger',
  'command.expires': () => 'Wie lange die Links gelten (7 Tage, wenn du nichts wählst)',
  'command.passalong': () => 'Dein Passalong-Konto in Discord',
  'command.connect': () => 'Dein Passalong-Konto verbinden',
  'command.disconnect': () => 'Dein Passalong-Konto trennen',
  'command.history': () => 'Was du geteilt hast, und was daraus wurde',
  'command.revoke': () => 'Etwas zurückziehen: Die Links funktionieren sofort nicht mehr',
  'command.settings': () => 'Wie du aus dem Chat teilst',
  'command.share_message': () => 'Per E-Mail teilen',
  'command.help': () => 'Wie man Dateien per E-Mail teilt',
  'modal.title': () => 'Per E-Mail teilen',
  'modal.files': () => 'Dateien',
  'modal.files_hint': () =>
    'Hier passen Dateien bis 10 MB. Größere: erst in einen Kanal stellen, dann im Menü der Nachricht „Share files by email“ wählen.',
  'modal.upload_limit': (p) => `Bis zu ${p.files} Dateien mit je ${formatBytes(p.limitBytes)}`,
  'modal.change_address': () => 'Adresse ändern',
  'modal.new_address': () => 'Stattdessen an diese Adresse senden',
  'modal.emails': () => 'An (1 bis 5 E-Mail-Adressen)',
  'modal.message': () => 'Nachricht',
  'modal.lifetime': () => 'So lange gilt der Link',
  'modal.days': (p) => count(p.days, 'Tag', 'Tage'),
  'modal.send': () => 'Senden',
  'command.rules': () => 'Was von diesem Server geteilt werden darf, und sein Protokoll',
  'chat.rules_title': () => 'Regeln dieses Arbeitsbereichs',
  'chat.rules_domains': (p) =>
    p.domains.length > 0 ? `Empfänger: nur bei ${p.domains.join(', ')}` : 'Empfänger: alle',
  'chat.rules_lifetime': (p) =>
    p.max === null
      ? 'Längste Gültigkeit: keine eigene Grenze'
      : `Längste Gültigkeit: ${count(p.max, 'Tag', 'Tage')}`,
  'chat.rules_size': (p) =>
    p.max === null ? 'Größte Datei: keine eigene Grenze' : `Größte Datei: ${formatBytes(p.max)}`,
  'chat.rules_saved': () => 'Gespeichert. Die Regeln gelten für alles, was ab jetzt hier geteilt wird.',
  'chat.log_link': (p) =>
    `Alles, was von hier geteilt wurde, als CSV. Der Link gilt ${count(p.minutes, 'Minute', 'Minuten')}, und nur für dich, angemeldet auf dem Portal.`,
  'button.change_rules': () => 'Regeln ändern',
  'button.export_log': () => 'Protokoll exportieren',
  'button.download_log': () => 'CSV herunterladen',
  'modal.rules_title': () => 'Regeln',
  'modal.rules_domains': () => 'Erlaubte Domains der Empfänger',
  'modal.rules_domains_hint': () => 'example.com, *.example.com für alles darunter. Leer: alle.',
  'modal.rules_lifetime': () => 'Längste Gültigkeit',
  'modal.rules_no_limit': () => 'Keine Grenze',
  'modal.rules_size': () => 'Größte Datei in MB (leer: keine Grenze)',
  'modal.save': () => 'Speichern',

  // What the portal says once, after something was done
  'note.address_confirmed': () => 'Deine Adresse ist bestätigt.',
  'note.mail_again': () => 'Die Mail ist noch einmal unterwegs.',
  'note.password_changed': () => 'Dein Passwort ist geändert. Melde dich mit dem neuen an.',
  'note.disconnected': () => 'Getrennt. Von dort kann nichts mehr von deinem Konto geteilt werden.',
  'note.confirm_in_chat': (p) =>
    `Bestätige jetzt in ${p.platform}: Gehe dorthin zurück und drücke „Verbinden“. Vorher ist nichts verbunden.`,
  'note.not_connected': () => 'Es wurde nichts verbunden, und der Link gilt nicht mehr.',
  'note.withdrawn': () => 'Zurückgezogen. Es geht keine Mail mehr hinaus, und kein Download beginnt mehr.',
  'note.deleted': () => 'Gelöscht.',
  'note.link_withdrawn': () => 'Der Link dieses Empfängers funktioniert nicht mehr.',

  // Recipients' pages
  'page.dead_link': () =>
    'Dieser Link funktioniert nicht. Vielleicht wurde er zurückgezogen, vielleicht ist er falsch abgeschrieben.',

  // Anything
  'storage.unavailable': (p) =>
    `Ich konnte deine Datei gerade nicht speichern, deshalb wurde nichts gesendet. Versuche es in ein paar Minuten erneut.${referTo(p)}`,
  'scanner.unavailable': (p) =>
    `Ich konnte deine Datei gerade nicht auf Schadsoftware prüfen, deshalb wurde nichts gesendet. Versuche es in ein paar Minuten erneut.${referTo(p)}`,
  'service.unavailable': (p) =>
    `Das geht gerade nicht. Versuche es in einer Minute noch einmal.${referTo(p)}`,
  'request.malformed': () => 'Das habe ich nicht verstanden. Lade die Seite neu und versuche es erneut.',
  'request.too_large': () => 'Das ist mehr, als dieses Formular fasst.',
  'request.forged': () =>
    'Dieses Formular ist zu alt oder kam von einer anderen Seite. Lade die Seite neu und versuche es erneut.',
  'page.not_found': () => 'Hier ist nichts.',
  unexpected: (p) => `Bei uns ist etwas schiefgegangen. Kennung ${p.reference}.`,
};

/** What became of a mail that did not arrive. */
const BOUNCE_WORDS = {
  BOUNCED: (email: string) => `Die Mail an ${email} kam zurück.`,
  FAILED: (email: string) => `Die Mail an ${email} wurde abgelehnt.`,
  SUPPRESSED: (email: string) => `Die Mail an ${email} konnte nicht zugestellt werden.`,
};

function othersArrived({ arrived, others }: { arrived: number; others: number }): string {
  if (others === 0) return '';
  return arrived === others
    ? ` Die anderen (${others}) sind angekommen oder unterwegs.`
    : ` Von den anderen (${others}) ${arrived === 1 ? 'ist' : 'sind'} ${arrived} angekommen oder unterwegs.`;
}

function malformed(addresses: string[]): string {
  return `Das sieht nicht nach E-Mail-Adressen aus: ${addresses.join(', ')}. Es wurde nichts gesendet.`;
}

function referTo({ reference }: { reference?: string }): string {
  return reference ? ` Kennung ${reference}.` : '';
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function people(number: number): string {
  return count(number, 'Person', 'Personen');
}
