import { SendRawEmailCommand, SESClient, SESServiceException } from '@aws-sdk/client-ses';
import type { Mailer, MailResult } from '../core/ports.js';
import { composeMime } from './compose-mime.js';

export interface SesOptions {
  region: string;
  endpoint: string | undefined;
  /** The address of every From line. */
  from: string;
  configurationSet: string | undefined;
  /** Of the whole call, 10 s unless told: after that nobody can know whether Amazon took the mail. */
  timeoutMs?: number | undefined;
}

/** Errors raised before a byte of the request left: the mail was certainly not taken. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What SES says about the message itself; any other 4xx is about us, and may pass. */
const REFUSALS = new Set(['MessageRejected', 'InvalidParameterValue', 'MailFromDomainNotVerifiedException']);

/** Mails through SendRawEmail: one call, never repeated by the SDK, since SES has no idempotency key. */
export function createSesMailer(options: SesOptions): Mailer {
  const { region, endpoint, configurationSet, timeoutMs = 10_000 } = options;
  // A function that slept finds a kept connection dead, and could not tell whether its mail had left.
  const agent = { keepAlive: false };
  const client = new SESClient({
    region,
    ...(endpoint ? { endpoint } : {}),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  return {
    async send(mail) {
      const { raw } = await composeMime(mail, options.from);
      try {
        const { MessageId } = await client.send(
          new SendRawEmailCommand({
            Source: options.from,
            Destinations: [mail.to],
            RawMessage: { Data: raw },
            Tags: [
              { Name: 'delivery-id', Value: mail.deliveryId },
              ...(mail.shareId ? [{ Name: 'share-id', Value: mail.shareId }] : []),
            ],
            ...(configurationSet ? { ConfigurationSetName: configurationSet } : {}),
          }),
          // The handler's own limit ends with the answer's headers; this one holds to the end of its body.
          { abortSignal: AbortSignal.timeout(timeoutMs) },
        );
        return MessageId
          ? { outcome: 'sent', messageId: MessageId }
          : { outcome: 'unknown', errorCode: 'no message id' };
      } catch (error) {
        return explain(error);
      }
    },
  };
}

/** Only proof that SES did not take the mail lets it be tried again; see docs/states.md. */
function explain(error: unknown): MailResult {
  const { name, code } = error as { name?: string; code?: string };
  const errorCode = code ?? name ?? 'unknown';
  if ((code && NOT_CONNECTED.has(code)) || name === 'CredentialsProviderError')
    return { outcome: 'not-taken', errorCode };
  if (!(error instanceof SESServiceException)) return { outcome: 'unknown', errorCode };
  const status = error.$metadata.httpStatusCode ?? 0;
  const isThrottled =
    status === 429 || /throttl|rate exceeded|quota exceeded/i.test(`${error.name} ${error.message}`);
  if (isThrottled) return { outcome: 'not-taken', errorCode: error.name };
  if (REFUSALS.has(error.name)) return { outcome: 'refused', errorCode: error.name };
  if (status >= 400 && status < 500) return { outcome: 'not-taken', errorCode: error.name };
  return { outcome: 'unknown', errorCode: error.name };
}
