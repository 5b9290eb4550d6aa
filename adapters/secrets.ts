import * as z from 'zod';

/** Reads a secret by its ARN: a JSON object of texts. @throws Error that names the secret and none of its values */
export type SecretReader = (secretId: string) => Promise<Record<string, string>>;

const fields = z.record(z.string(), z.string());

/** Secrets of AWS Secrets Manager, each in the region that its ARN names. */
export function createSecretReader(endpoint?: string): SecretReader {
  return async (secretId) => {
    // Loaded where it is used: on AWS alone.
    const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretId)?.[1];
    const client = new SecretsManagerClient({
      ...(region ? { region } : {}),
      ...(endpoint ? { endpoint } : {}),
      maxAttempts: 3,
      requestHandler: { connectionTimeout: 2_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
    });
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
      return parse(SecretString ?? '');
    } catch (error) {
      throw new Error(`the secret ${secretId} cannot be read`, { cause: error });
    } finally {
      client.destroy();
    }
  };
}

/**
 * The environment with the fields of the secrets that `SECRET_IDS` names, commas between. What is set already stays.
 * @throws Error that names the secret that cannot be read
 */
export async function withSecrets(
  env: Readonly<Record<string, string | undefined>>,
  readSecret: SecretReader = createSecretReader(),
): Promise<Readonly<Record<string, string | undefined>>> {
  const ids = (env['SECRET_IDS'] ?? '').split(',').filter(Boolean);
  const secrets = await Promise.all(ids.map(readSecret));
  return Object.assign({}, ...secrets, env) as Record<string, string | undefined>;
}

/** Without what JSON.parse or Zod would say of the value. */
function parse(text: string): Record<string, string> {
  try {
    return fields.parse(JSON.parse(text));
  } catch {
    throw new Error('it is not a JSON object of texts');
  }
}
