import { describe } from 'vitest';
import { shareStack } from '../support/shared-stack.js';

// The limit that the form's tests go beyond.
shareStack(async () => ({ MAX_FILE_BYTES: String(20 * 1024 * 1024) }));

describe('the portal’s pages', async () => {
  await import('./pages.js');
});
describe('the form', async () => {
  await import('./upload-form.js');
});
describe('the console', async () => {
  await import('./console.js');
});
