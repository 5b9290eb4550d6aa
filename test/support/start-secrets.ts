import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Secrets {
  url: string;
  /** Points the AWS SDK of another process here. */
  env: Record<string, string>;
  /** What every secret holds; undefined: there is none. */
  value: string | undefined;
  asked: { region: string | undefined; target: string | undefined; body: string }[];
  close(): Promise<void>;
}

/** As Secrets Manager answers. @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
export async function startSecrets(fields: Record<string, string>): Promise<Secrets> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const scope = /Credential=[^/]+\/\d+\/([^/]+)\/secretsmanager/.exec(
        request.headers.authorization ?? '',
      );
      secrets.asked.push({ region: scope?.[1], target: request.headers['x-amz-target']?.toString(), body });
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (secrets.value !== undefined) response.end(JSON.stringify({ SecretString: secrets.value }));
      else response.writeHead(400).end(JSON.stringify({ __type: 'ResourceNotFoundException' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const secrets: Secrets = {
    url,
    env: { AWS_ENDPOINT_URL_SECRETS_MANAGER: url },
    value: JSON.stringify(fields),
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return secrets;
}
