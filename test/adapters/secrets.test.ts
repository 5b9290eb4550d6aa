import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSecretReader, withSecrets } from '../../adapters/secrets.js';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:passalong/links-AbCdEf';
let server: Server;
let endpoint: string;
let value: string | undefined;
let asked: { region: string | undefined; target: string | undefined; body: string } | undefined;

/** As Secrets Manager answers. @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const region = /Credential=[^/]+\/\d+\/([^/]+)\/secretsmanager/.exec(
        request.headers.authorization ?? '',
      )?.[1];
      asked = { region, target: request.headers['x-amz-target']?.toString(), body };
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (value !== undefined) return response.end(JSON.stringify({ SecretString: value }));
      return response.writeHead(400).end(JSON.stringify({ __type: 'ResourceNotFoundException' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe('createSecretReader', () => {
  test('reads the fields of a secret in the region that its ARN names', async () => {
    value = '{"LINK_SECRET":"abc"}';
    expect(await createSecretReader(endpoint)(ARN)).toEqual({ LINK_SECRET: 'abc' });
    expect(asked?.region).toBe('eu-central-1');
    expect(asked?.target).toBe('secretsmanager.GetSecretValue');
    expect(JSON.parse(asked?.body ?? '')).toEqual({ SecretId: ARN });
  });

  test.each([
    ['no JSON', 'hunter2'],
    ['no object', '"hunter2"'],
    ['no texts', '{"a":{"b":"hunter2"}}'],
  ])('says which secret is wrong and nothing of its value: %s', async (_what, text) => {
    value = text;
    const error = await createSecretReader(endpoint)(ARN).catch((caught: unknown) => caught);
    if (!(error instanceof Error)) throw new Error('it was read');
    expect(error.message).toContain(ARN);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
  });

  test('names a secret that is not there', async () => {
    value = undefined;
    await expect(createSecretReader(endpoint)(ARN)).rejects.toThrow(ARN);
  });
});

describe('withSecrets', () => {
  test('adds the fields of every secret that SECRET_IDS names, and lets stand what is set already', async () => {
    const read = (id: string) => Promise.resolve({ [id]: '1', LOG_LEVEL: 'debug' });
    expect(await withSecrets({ SECRET_IDS: 'one,two', LOG_LEVEL: 'info' }, read)).toMatchObject({
      one: '1',
      two: '1',
      LOG_LEVEL: 'info',
    });
  });

  test('asks for nothing where no secret is named', async () => {
    const refuse = () => Promise.reject(new Error('asked'));
    expect(await withSecrets({ LOG_LEVEL: 'info' }, refuse)).toEqual({ LOG_LEVEL: 'info' });
  });
});
