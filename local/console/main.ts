import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { startConsole } from './start-console.js';

const address = z.url().optional();
const env = z
  .object({
    LOCAL_CONSOLE_PORT: z.coerce.number().int().min(0).max(65_535),
    LOCAL_CONSOLE_SLACK_URL: address,
    LOCAL_CONSOLE_DISCORD_URL: address,
    LOCAL_CONSOLE_PORTAL_URL: address,
    LOCAL_CONSOLE_INBOX_URL: address,
    LOCAL_CONSOLE_NOTE: z.string().optional(),
  })
  .parse(process.env);

try {
  const console_ = await startConsole({
    port: env.LOCAL_CONSOLE_PORT,
    assetsDir: path.join(path.dirname(fileURLToPath(import.meta.url)), 'console'),
    slackUrl: env.LOCAL_CONSOLE_SLACK_URL,
    discordUrl: env.LOCAL_CONSOLE_DISCORD_URL,
    portalUrl: env.LOCAL_CONSOLE_PORTAL_URL,
    inboxUrl: env.LOCAL_CONSOLE_INBOX_URL,
    note: env.LOCAL_CONSOLE_NOTE,
  });
  const stop = (): void => void console_.close().then(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, stop);
  console.log(`ready ${console_.url}`);
} catch (error) {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
  console.error(`Port ${env.LOCAL_CONSOLE_PORT} is in use. Free it, or set CONSOLE_PORT to another one.`);
  process.exitCode = 1;
}
