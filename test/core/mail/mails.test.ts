import { simpleParser } from 'mailparser';
import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import { describe, expect, test } from 'vitest';
import {
  composeAlreadyRegistered,
  composeChatConnected,
  composeConfirmAddress,
  composeResetPassword,
} from '../../../core/mail/account-mails.js';
import { withoutLinks } from '../../../core/mail/layout.js';
import { composeShareMail } from '../../../core/mail/share-mail.js';

const url = 'https://portal.test/l/token';
const share = {
  senderName: 'Ann Lee',
  senderEmail: 'ann@sender.example',
  message: null as string | null,
  expiresAt: new Date('2026-11-30T12:00:00Z'),
  files: [{ name: 'plan.pdf', sizeBytes: 1536 }],
  url,
  reportUrl: `${url}/report`,
};

describe('the mail to a recipient', () => {
  test('says who sent what, how large, until when, and where to report it, in both parts', () => {
    const mail = composeShareMail({ ...share, message: 'Here it is' });
    expect(mail.subject).toBe('Ann Lee sent you plan.pdf');
    for (const part of [mail.text, mail.html]) {
      for (const word of [
        'Ann Lee',
        'ann@sender.example',
        'Here it is',
        '1.5 KB',
        '30 November 2026',
        url,
        `${url}/report`,
      ]) {
        expect(part).toContain(word);
      }
    }
    expect(composeShareMail({ ...share, files: [...share.files, ...share.files] }).subject).toBe(
      'Ann Lee sent you 2 files',
    );
  });

  test('fits a phone: no URL stands in its HTML as text, and long words break', () => {
    const long = 'x'.repeat(200);
    const mail = composeShareMail({ ...share, message: long, files: [{ name: long, sizeBytes: 1 }] });
    expect(mail.html.replace(/<[^>]*>/g, '')).not.toContain('https://');
    expect(mail.html).toContain(`<a href="${url}/report"`);
    expect(mail.html).toMatch(/<body\s+style="[^"]*overflow-wrap:anywhere/);
    expect(mail.text).toContain(`Report it: ${url}/report`);
  });

  test('shows markup of its sender as text', () => {
    const evil = `<script>alert(1)</script><a href="https://evil.example">x</a>'"&`;
    const mail = composeShareMail({
      ...share,
      senderName: evil,
      message: evil,
      files: [{ name: evil, sizeBytes: 1 }],
    });
    expect(mail.html).not.toMatch(/<script|href="https:\/\/evil/);
    expect(mail.html).toContain('&lt;script&gt;');
    expect(mail.html).toContain('&#39;&quot;&amp;');
  });

  test('has no link but our own, whatever its sender writes', () => {
    const text = 'Locked! http://evil.example/login www.evil.example evil.example mail me@evil.example';
    const { text: plain, html } = composeShareMail({
      ...share,
      senderName: 'evil.example',
      message: text,
      files: [{ name: 'evil.example', sizeBytes: 1 }],
    });
    for (const part of [plain, html.replace(/<title>.*<\/title>/, '')]) {
      // What the more generous mail programs take for a link.
      const links = [...part.matchAll(/\w+:\/\/[^\s"<]*|www\.|[\w-]+\.example|\w+@/g)].map(([link]) => link);
      const others = links.filter((link) => !link.startsWith('https://portal.test/'));
      expect(others.filter((link) => link !== 'ann@' && link !== 'sender.example')).toEqual([]);
    }
  });

  test('marks each line of the message as quoted in the text part', () => {
    const mail = composeShareMail({ ...share, message: 'one\n--\nGet the file: two' });
    expect(mail.text).toContain('> one\n> --\n> Get the file: two');
  });

  test('has a subject of one line and 120 characters, cut between characters', () => {
    for (const letter of ['x', '👩', 'é']) {
      const { subject } = composeShareMail({ ...share, files: [{ name: letter.repeat(200), sizeBytes: 1 }] });
      expect(subject.length).toBeLessThanOrEqual(120);
      expect(subject.endsWith('…')).toBe(true);
      expect(subject.isWellFormed()).toBe(true);
    }
    const { subject } = composeShareMail({ ...share, senderName: 'Ann\r\nBcc: eve@x.org\u2028\u0085x' });
    expect(subject).not.toMatch(/[\r\n\u2028\u2029\u0085]/);
  });

  test('cannot be given a header or a recipient through any text of its sender', async () => {
    const evil = 'Ann\r\nBcc: eve@evil.example\r\n\r\n<b>body</b>';
    const mail = composeShareMail({
      ...share,
      senderName: evil,
      message: evil,
      files: [{ name: evil, sizeBytes: 1 }],
    });
    const raw = await new MailComposer({
      from: { name: `${evil} via Passalong`, address: 'no-reply@portal.test' },
      to: { name: '', address: 'bob@x.org' },
      replyTo: { name: '', address: 'ann@sender.example' },
      ...mail,
    })
      .compile()
      .build();
    const head = raw.toString().split('\r\n\r\n')[0] ?? '';
    expect(head).not.toMatch(/^Bcc:/im);
    const parsed = await simpleParser(raw);
    expect(parsed.bcc).toBeUndefined();
    expect(parsed.from?.value).toMatchObject([{ address: 'no-reply@portal.test' }]);
    expect([parsed.to].flat().flatMap((field) => field?.value ?? [])).toMatchObject([
      { address: 'bob@x.org' },
    ]);
  });
});

describe('a mail to an account', () => {
  test.each([
    ['confirm', composeConfirmAddress({ firstName: '<b>Ann', url })],
    ['reset', composeResetPassword({ firstName: '<b>Ann', url })],
    ['already registered', composeAlreadyRegistered({ firstName: '<b>Ann', signInUrl: url, resetUrl: url })],
    ['connected', composeChatConnected({ firstName: '<b>Ann', settingsUrl: url })],
  ])('(%s) greets by name, escaped, and carries its link in both parts', (_, mail) => {
    expect(mail.subject).not.toBe('');
    expect(mail.text).toContain(url);
    expect(mail.html).toContain(`href="${url}"`);
    expect(mail.html).toContain('&lt;b&gt;Ann');
    expect(mail.text + mail.html).toMatch(/If this was not you/);
  });
});

test('text without links reads the same to a person', () => {
  expect(withoutLinks('See a.b. Or http://x').replaceAll('\u2060', '')).toBe('See a.b. Or http://x');
  expect(withoutLinks('Hello. You')).toBe('Hello. You');
});
