import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SesFaults } from './faults.js';
import type { Journal } from './journal.js';
import { SesError } from './ses-error.js';

export interface SendingAccount {
  listIdentities(): string[];
  /** Verifies an address or a domain at once, and for good: nobody clicks on a link here. */
  verifyIdentity(identity: string): void;
  isVerified(identity: string): boolean;
  quota(): { max24HourSend: number; maxSendRate: number; sentLast24Hours: number };
  /**
   * Charges one mail's recipients to the account's limits.
   * @throws SesError MessageRejected for unverified recipients in the sandbox, Throttling past a limit.
   */
  admit(recipients: string[]): void;
}

const dayMs = 24 * 60 * 60_000;

/**
 * The account's limits and verified identities, which `identities.json` keeps.
 * @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html
 */
export function openSendingAccount(
  dataDir: string,
  region: string,
  faults: SesFaults,
  journal: Journal,
): SendingAccount {
  const path = join(dataDir, 'identities.json');
  const identities = new Set(existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as string[]) : []);
  const takeTokens = tokenBucket();

  const isVerified = (identity: string): boolean =>
    identities.has(identity) || identities.has(identity.slice(identity.lastIndexOf('@') + 1));

  function quota(): ReturnType<SendingAccount['quota']> {
    const since = Date.now() - dayMs;
    let sentLast24Hours = 0;
    for (const { at, destinations } of journal.messages) {
      if (Date.parse(at) > since) sentLast24Hours += destinations.length;
    }
    return faults.sandbox
      ? { max24HourSend: 200, maxSendRate: 1, sentLast24Hours }
      : { max24HourSend: 50_000, maxSendRate: faults.maxSendRate, sentLast24Hours };
  }

  return {
    listIdentities: () => [...identities],
    verifyIdentity(identity) {
      identities.add(identity.toLowerCase());
      writeFileSync(`${path}.new`, JSON.stringify([...identities]));
      renameSync(`${path}.new`, path);
    },
    isVerified: (identity) => isVerified(identity.toLowerCase()),
    quota,
    admit(recipients) {
      const strangers = recipients.filter(
        (address) => !isVerified(address.toLowerCase()) && !isSimulator(address),
      );
      if (faults.sandbox && strangers.length > 0)
        throw new SesError(
          'MessageRejected',
          'Email address is not verified. The following identities failed the check in region ' +
            `${region.toUpperCase()}: ${strangers.join(', ')}`,
        );
      const { max24HourSend, maxSendRate, sentLast24Hours } = quota();
      if (sentLast24Hours + recipients.length > max24HourSend)
        throw new SesError('Throttling', 'Daily message quota exceeded.');
      // SES lets an account out of the sandbox exceed its rate for short bursts.
      if (!takeTokens(recipients.length, maxSendRate, faults.sandbox ? 1 : 2 * maxSendRate))
        throw new SesError('Throttling', 'Maximum sending rate exceeded.');
    },
  };
}

function isSimulator(address: string): boolean {
  return address.toLowerCase().endsWith('@simulator.amazonses.com');
}

/** A mail to more recipients than the bucket holds passes when it is full, and leaves a debt. */
function tokenBucket(): (wanted: number, ratePerSecond: number, capacity: number) => boolean {
  let tokens = Infinity;
  let filledAt = performance.now();
  return (wanted, ratePerSecond, capacity) => {
    const now = performance.now();
    tokens = Math.min(capacity, tokens + ((now - filledAt) / 1000) * ratePerSecond);
    filledAt = now;
    if (tokens < Math.min(wanted, capacity)) return false;
    tokens -= wanted;
    return true;
  };
}
