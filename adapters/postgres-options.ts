import { readFileSync } from 'node:fs';
import { createSecretReader, type SecretReader } from './secrets.js';

/** A password is asked for again after this long: new connections fail for no longer after it was changed. */
const PASSWORD_KEPT_MS = 60_000;

/** The part of pg's options that a URL stands for. */
export type PostgresOptions =
  | { connectionString: string }
  | {
      host: string;
      port: number;
      user: string;
      database: string;
      ssl: { ca: string; rejectUnauthorized: true };
      /** Asked for each new connection. */
      password: () => Promise<string>;
    };

/**
 * How pg connects to a DATABASE_URL. Where the URL has `secret=<ARN>` instead of a password, each new connection takes
 * the password from that secret, so that RDS may change it while processes run; TLS is then verified, against the
 * certificates in `sslrootcert`. Any other URL is pg's own matter.
 * @throws Error where such a URL does not verify TLS
 */
export function postgresOptions(
  databaseUrl: string,
  readSecret: SecretReader = createSecretReader(),
): PostgresOptions {
  const url = new URL(databaseUrl);
  const secretId = url.searchParams.get('secret');
  if (!secretId) return { connectionString: databaseUrl };
  const certificates = url.searchParams.get('sslrootcert');
  if (url.searchParams.get('sslmode') !== 'verify-full' || !certificates) {
    throw new Error('DATABASE_URL with a secret needs sslmode=verify-full and sslrootcert');
  }
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: { ca: readFileSync(certificates, 'utf8'), rejectUnauthorized: true },
    password: keep(PASSWORD_KEPT_MS, async () => {
      const { password } = await readSecret(secretId);
      if (!password) throw new Error(`the secret ${secretId} holds no password`);
      return password;
    }),
  };
}

/** Asks once for all that ask within the time; a failed answer is not kept. */
function keep(milliseconds: number, ask: () => Promise<string>): () => Promise<string> {
  let kept: { answer: Promise<string>; until: number } | undefined;
  return () => {
    if (kept && kept.until > Date.now()) return kept.answer;
    const answer = ask();
    kept = { answer, until: Date.now() + milliseconds };
    answer.catch(() => {
      kept = undefined;
    });
    return answer;
  };
}
