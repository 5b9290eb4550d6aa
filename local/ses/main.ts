import * as z from 'zod';
import { startSes } from './start-ses.js';

const env = z
  .object({
    LOCAL_SES_PORT: z.coerce.number().int().min(0).max(65_535),
    LOCAL_SES_DATA_DIR: z.string().min(1),
    LOCAL_SES_REGION: z.string().min(1).default('us-east-1'),
    LOCAL_SES_ACCESS_KEY_ID: z.string().min(1),
    LOCAL_SES_SECRET_ACCESS_KEY: z.string().min(1),
    LOCAL_SES_EVENT_TARGET: z.url().optional(),
  })
  .parse(process.env);

try {
  const ses = await startSes({
    dataDir: env.LOCAL_SES_DATA_DIR,
    port: env.LOCAL_SES_PORT,
    region: env.LOCAL_SES_REGION,
    eventTarget: env.LOCAL_SES_EVENT_TARGET,
    credentials: {
      accessKeyId: env.LOCAL_SES_ACCESS_KEY_ID,
      secretAccessKey: env.LOCAL_SES_SECRET_ACCESS_KEY,
    },
  });
  const stop = () => void ses.close().then(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, stop);
  console.log(`ready ${ses.url}`);
} catch (error) {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
  console.error(`Port ${env.LOCAL_SES_PORT} is taken. Free it, or set INBOX_PORT to another one.`);
  process.exitCode = 1;
}
