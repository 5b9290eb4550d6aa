import { describe, expect, test } from 'vitest';
import {
  checkShareForm,
  checkShareRequest,
  hashRequest,
  type CheckedShareRequest,
  type ShareRequest,
} from '../../../core/shares/share-request.js';
import { FieldErrors } from '../../../core/errors.js';
import { catchError } from '../../support/catch-error.js';
import { shareRequest, slackFile, uploadFile } from '../../support/shares.js';

const limits = { maxFileBytes: 1000, blockedFileTypes: ['exe'] };
const check = (changes: Partial<ShareRequest>): CheckedShareRequest => {
  return checkShareRequest(shareRequest(changes), limits);
};

describe('a share request', () => {
  test('comes out with clean names, checked addresses, a trimmed message and its defaults', () => {
    const request = check({
      emails: ['Bob <bob@x.org>', 'ann@x.org'],
      files: [slackFile('../a.pdf', 5)],
      message: '  Hello\r\nyou  ',
    });
    expect(request).toMatchObject({
      emails: ['bob@x.org', 'ann@x.org'],
      files: [{ name: '_a.pdf', contentType: 'application/octet-stream' }],
      message: 'Hello\nyou',
      lifetimeDays: 7,
    });
  });

  test.each<[string, Partial<ShareRequest>]>([
    ['file.none', { files: [] }],
    ['file.too_many', { files: Array.from({ length: 11 }, (_, n) => slackFile(`${n}.txt`, 1)) }],
    ['file.empty', { files: [slackFile('a.txt', 5), slackFile('b.txt', 0)] }],
    ['file.too_large', { files: [slackFile('a.txt', 1001)] }],
    ['file.blocked_type', { files: [slackFile('a.txt', 5), slackFile('Setup.EXE', 5)] }],
    ['recipients.none', { emails: [] }],
    ['recipients.malformed', { emails: ['bob'] }],
    ['recipients.too_many', { emails: ['a@x.org b@x.org c@x.org', 'd@x.org e@x.org f@x.org'] }],
    ['share.message_too_long', { message: 'x'.repeat(1001) }],
    ['share.lifetime', { lifetimeDays: 2 }],
    ['request.malformed', { files: [uploadFile('a.txt', -1)] }],
    ['request.malformed', { files: [uploadFile('a.txt', 1.5)] }],
    ['request.malformed', { files: [{ ...uploadFile('a.txt', 1), contentType: 'text/\0plain' }] }],
    ['request.malformed', { requestKey: 'portal:\0' }],
    ['request.malformed', { emails: [`${'a'.repeat(320)}@x.org`] }],
    ['request.malformed', { extra: 1 } as Partial<ShareRequest>],
  ])('is refused with %s', (code, changes) => {
    expect(() => check(changes)).toThrow(expect.objectContaining({ kind: 'invalid', code }) as Error);
  });

  test('of a form names everything that is wrong, each beside its field', () => {
    const wrong = { files: [], emails: ['@ann bob'], message: 'x'.repeat(1001), lifetimeDays: 2 };
    const error = catchError(() => checkShareForm(shareRequest(wrong), limits));
    if (!(error instanceof FieldErrors)) throw error;
    expect(Object.entries(error.fields).map(([field, { code }]) => [field, code])).toEqual([
      ['files', 'file.none'],
      ['emails', 'recipients.mention'],
      ['message', 'share.message_too_long'],
      ['lifetimeDays', 'share.lifetime'],
    ]);
    expect(error.fields['emails']?.message).toBe(
      "I can't look up @ann's email. Type the address instead. These don't look like email addresses: bob. Nothing was sent.",
    );
    const notOne = catchError(() => checkShareForm(shareRequest({ requestKey: '' }), limits));
    expect(notOne).toMatchObject({ code: 'request.malformed' });
    expect(checkShareForm(shareRequest({ requestKey: 'portal:1' }), limits)).toEqual(
      checkShareRequest(shareRequest({ requestKey: 'portal:1' }), limits),
    );
  });

  test('carries no control characters in its message, which Postgres or a mail could choke on', () => {
    expect(check({ message: 'a\0b\u0007c\td\ne\u202Ef' }).message).toBe('abc\td\nef');
  });

  test('has the same hash for the same wish, and another for any other', () => {
    const hash = (changes: Partial<ShareRequest>, account = 'a'): string =>
      hashRequest(account, check(changes));
    const base = { requestKey: 'slack:1' };
    expect(hash(base)).toBe(hash({ ...base, requestKey: 'slack:2' }));
    const others = [
      hash(base, 'b'),
      hash({ ...base, emails: ['eve@example.com'] }),
      hash({ ...base, message: 'hello' }),
      hash({ ...base, lifetimeDays: 1 }),
      hash({ ...base, files: [slackFile('plan.pdf', 5, 'F2')] }),
      hash({ ...base, files: [slackFile('plan.pdf', 6)] }),
    ];
    expect(new Set([hash(base), ...others]).size).toBe(7);
  });
});
