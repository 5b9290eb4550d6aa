import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailer, OutgoingMail } from '../../core/ports.js';

export const mail: OutgoingMail = {
  deliveryId: '0b8e2f0c-0000-4000-8000-000000000001',
  shareId: '0b8e2f0c-0000-4000-8000-000000000002',
  to: 'bob@x.org',
  replyTo: 'ann@sender.example',
  fromName: 'Ann Lee via Passalong',
  subject: 'Ann sent you Übersicht.pdf',
  text: 'Hello, here is ü',
  html: '<p>Hello, here is ü</p>',
};

/** A mail as the service at the other end has it. */
export interface ReceivedMail {
  source: string;
  destinations: string[];
  from: string;
  to: string;
  replyTo: string;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

export interface MailerRig {
  /** Sends from `no-reply@portal.test`. */
  mailer: Mailer;
  received(): Promise<ReceivedMail[]>;
  close(): Promise<void>;
}

/** What every mailer keeps, whatever service takes its mails. */
export function describeMailer(service: string, open: () => Promise<MailerRig>): void {
  describe(`a mail by ${service}`, () => {
    let rig: MailerRig;

    beforeEach(async () => {
      rig = await open();
    });

    afterEach(() => rig.close());

    test('leaves once, to one address, with its names and both parts', async () => {
      expect(await rig.mailer.send(mail)).toMatchObject({ outcome: 'sent' });
      const [message, ...others] = await rig.received();
      expect(others).toEqual([]);
      expect(message).toMatchObject({
        source: 'no-reply@portal.test',
        destinations: ['bob@x.org'],
        to: 'bob@x.org',
        replyTo: 'ann@sender.example',
        from: '"Ann Lee via Passalong" <no-reply@portal.test>',
        subject: mail.subject,
        text: expect.stringContaining(mail.text) as string,
        html: expect.stringContaining(mail.html) as string,
      });
      expect(message?.headers).toMatchObject({
        'auto-submitted': 'auto-generated',
        'message-id': `<${mail.deliveryId}@portal.test>`,
      });
    });

    test('to an account has nobody to answer to', async () => {
      await rig.mailer.send({ ...mail, shareId: null, replyTo: null });
      expect((await rig.received())[0]?.replyTo).toBe('');
    });

    test('cannot be given a header, another recipient or an end by any of its texts', async () => {
      const evil = 'x\r\nBcc: eve@evil.example\r\nX-Evil: 1\r\n\r\n.\r\nRCPT TO:<eve@evil.example>\r\n.\r\n';
      const text = `${evil}the last line`;
      const sent = await rig.mailer.send({ ...mail, subject: evil, fromName: evil, text });
      expect(sent).toMatchObject({ outcome: 'sent' });
      const [message, ...others] = await rig.received();
      expect(others).toEqual([]);
      expect(message?.destinations).toEqual(['bob@x.org']);
      expect(Object.keys(message?.headers ?? {})).not.toEqual(expect.arrayContaining(['bcc']));
      expect(message?.headers).not.toHaveProperty('x-evil');
      expect(message?.from).toContain('<no-reply@portal.test>');
      expect(message?.text).toContain('the last line');
    });
  });
}
