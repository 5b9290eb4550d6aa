import { expect, test } from 'vitest';
import { speak } from '../../../bot/chat.js';
import { confirmCard } from '../../../bot/commands/answers.js';

const request = {
  entrance: 'SLACK' as const,
  emails: ['ann@x.org'],
  files: [
    {
      name: 'plan.pdf',
      contentType: 'application/pdf',
      sizeBytes: 2048,
      source: { kind: 'upload' as const },
    },
  ],
  duplicates: [],
  emailsText: '',
  message: '',
  lifetimeDays: 7,
  places: [],
};

test('the confirm card names each file with its size, the addresses and the lifetime', () => {
  const { title, lines } = speak(confirmCard('d1', request), 'en');
  expect(title).toBe('Send 1 file to 1 person?');
  expect(lines).toEqual(['• plan.pdf (2 KB)', 'To: ann@x.org', 'The link lives 7 days.']);
});

test('the confirm card says that an address listed twice is sent to once', () => {
  const { lines } = speak(confirmCard('d1', { ...request, duplicates: ['Ann@x.org'] }), 'en');
  expect(lines).toContain('Sent once to Ann@x.org (listed twice).');
});
