import { call, waitFor } from '../../local/demo/entrance.js';

export interface Mail {
  id: string;
  subject: string;
  destinations: string[];
  from: string;
  replyTo: string;
  html: string;
  text: string;
  links: string[];
  headers: Record<string, string>;
}

/** Every mail that the local SES has accepted, oldest first. */
export function listMails(inbox: string): Promise<Mail[]> {
  return call<Mail[]>(`${inbox}/messages.json`);
}

/** The mails to one address. */
export async function mailsTo(inbox: string, address: string): Promise<Mail[]> {
  return (await listMails(inbox)).filter(({ destinations }) => destinations.includes(address));
}

/** The first mail to an address, once it is there; with `subject`, the first that has it. */
export async function waitForMail(inbox: string, address: string, subject = ''): Promise<Mail> {
  return waitFor(`the mail "${subject}" to ${address}`, async () =>
    (await mailsTo(inbox, address)).find((mail) => mail.subject.includes(subject)),
  );
}

/** The recipient's link in a mail. */
export function linkIn(mail: Mail): string {
  const link = mail.links.find((each) => /\/l\/[^/]+$/.test(each));
  if (!link) throw new Error(`no link in the mail "${mail.subject}"`);
  return link;
}
