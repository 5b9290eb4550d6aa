import type { Client } from 'pg';
import { composeDelivery } from '../../core/deliveries/compose.js';
import { deliver, type DeliverDeps } from '../../core/deliveries/deliver.js';
import type { LinkSecrets, Mailer } from '../../core/ports.js';

export interface OnReadyDeps {
  /** Gives a connected client that nobody else uses, and takes it back after the work. */
  withClient<T>(work: (client: Client) => Promise<T>): Promise<T>;
  mailer: Mailer;
  portalUrl: string;
  linkSecrets: LinkSecrets;
  leaseMs: number;
  sendRate: number;
  log: DeliverDeps['log'];
  monotonicMs(): number;
  stopping?: AbortSignal;
}

/**
 * Mails what is due behind each of these marks, one mail after the other, until `deadlineMs` on the monotonic clock.
 * @throws where the database cannot be reached; mails that were refused are rows, not errors
 */
export async function mailDue(
  deps: OnReadyDeps,
  targets: readonly ({ shareId: string } | { deliveryId: string })[],
  deadlineMs: number,
): Promise<void> {
  await deps.withClient(async (client) => {
    const compose: DeliverDeps['compose'] = (delivery) => composeDelivery({ ...deps, sql: client }, delivery);
    for (const target of targets) await deliver({ ...deps, sql: client, compose }, target, deadlineMs);
  });
}
