import { expect, test } from 'vitest';
import { readSettings } from '../../local/start/read-settings.js';

test('production without a real Slack and Discord is refused in one line, not with variables nobody set', () => {
  expect(() => readSettings({ NODE_ENV: 'production' })).toThrow(/NODE_ENV=production takes no simulated/);
  expect(() => readSettings({ NODE_ENV: 'production', SLACK_BOT_TOKEN: 'xoxb-1' })).toThrow(/simulated/);
  const real = { NODE_ENV: 'production', SLACK_BOT_TOKEN: 'xoxb-1', DISCORD_TOKEN: 'token' };
  expect(readSettings(real).NODE_ENV).toBe('production');
  expect(readSettings({}).NODE_ENV).toBe('development');
});
