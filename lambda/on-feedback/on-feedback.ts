import type { Client } from 'pg';
import { recordFeedback, type MailFeedback } from '../../core/deliveries/record-feedback.js';
import type { Logger } from '../../core/ports.js';

/** The parts of an SQS event that we read. @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export interface SqsEvent {
  Records?: { messageId?: string; body?: string }[];
}

/**
 * Which messages come again; the others are done.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

export interface OnFeedbackDeps {
  /** Gives a connected client, and ends it after the work. */
  withClient<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Null for what says nothing about our mails. @throws where it is malformed */
  readEvent(json: unknown): MailFeedback | null;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * The function that reads what became of mails: events of SES, which SNS puts into a queue. A message that cannot be
 * read is dropped, since it would come again for ever; one that could not be recorded comes again alone.
 */
export function createHandler(deps: OnFeedbackDeps): (event: SqsEvent) => Promise<BatchResponse> {
  const { log } = deps;
  return async ({ Records: records = [] }) => {
    const batchItemFailures: BatchResponse['batchItemFailures'] = [];
    for (const { messageId = '', body = '' } of records) {
      const feedback = read(body);
      if (feedback === null) continue;
      if (feedback instanceof Error) {
        // The error is ours and names fields; what the message says is an address, as a rule.
        log.error({ messageId, reason: feedback.message }, 'event dropped');
        continue;
      }
      try {
        await deps.withClient((sql) => recordFeedback({ sql, log }, feedback));
      } catch (error) {
        log.error({ messageId, deliveryId: feedback.deliveryId, err: error }, 'event not recorded');
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  };

  function read(body: string): MailFeedback | Error | null {
    try {
      return deps.readEvent(unwrap(body));
    } catch (error) {
      return error instanceof Error && !(error instanceof SyntaxError) ? error : new Error('not JSON');
    }
  }
}

/** The event in SNS's envelope; without one where the subscription delivers raw messages. */
function unwrap(body: string): unknown {
  const json = JSON.parse(body) as unknown;
  const isEnvelope = typeof json === 'object' && json !== null && 'Type' in json && 'Message' in json;
  return isEnvelope ? (JSON.parse(String(json.Message)) as unknown) : json;
}
