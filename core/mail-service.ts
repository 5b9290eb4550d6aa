import type * as z from 'zod';
import type { environment } from './config.js';

/** Who takes our mails on, the address of every From line, and how many mails a second it takes. */
export type MailService = { from: string; maxSendRate: number } & (
  | { kind: 'ses'; region: string; endpoint: string | undefined; configurationSet: string | undefined }
  | { kind: 'smtp'; url: string }
);

/** The one that is configured. @throws Error for an environment that `readEnv` did not read */
export function mailServiceFrom(env: z.output<z.ZodObject<typeof environment.mail>>): MailService {
  const { SMTP_URL: url, SMTP_FROM: smtpFrom, SES_FROM: sesFrom } = env;
  if (url && smtpFrom) return { kind: 'smtp', url, from: smtpFrom, maxSendRate: env.SMTP_MAX_SEND_RATE };
  if (!sesFrom) throw new Error('no mail service is configured');
  return {
    ...{ kind: 'ses', from: sesFrom, maxSendRate: env.SES_MAX_SEND_RATE },
    region: env.AWS_REGION,
    endpoint: env.SES_ENDPOINT,
    configurationSet: env.SES_CONFIGURATION_SET,
  };
}
