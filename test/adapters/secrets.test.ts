import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSecretReader, withSecrets } from '../../adapters/secrets.js';
import { startSecrets, type Secrets } from '../support/start-secrets.js';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:passalong/links-AbCdEf';
let secrets: Secrets;

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
  secrets = await startSecrets({});
});
afterAll(() => secrets.close());

describe('createSecretReader', () => {
  test('reads the fields of a secret in the region that its ARN names', async () => {
    secrets.value = '{"LINK_SECRET":"abc"}';
    expect(await createSecretReader(secrets.url)(ARN)).toEqual({ LINK_SECRET: 'abc' });
    const asked = secrets.asked.at(-1);
    expect(asked?.region).toBe('eu-central-1');
    expect(asked?.target).toBe('secretsmanager.GetSecretValue');
    expect(JSON.parse(asked?.body ?? '')).toEqual({ SecretId: ARN });
  });

  test.each([
    ['no JSON', 'hunter2'],
    ['no object', '"hunter2"'],
    ['no texts', '{"a":{"b":"hunter2"}}'],
  ])('says which secret is wrong and nothing of its value: %s', async (_what, text) => {
    secrets.value = text;
    const error = await createSecretReader(secrets.url)(ARN).catch((caught: unknown) => caught);
    if (!(error instanceof Error)) throw new Error('it was read');
    expect(error.message).toContain(ARN);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
  });

  test('names a secret that is not there', async () => {
    secrets.value = undefined;
    await expect(createSecretReader(secrets.url)(ARN)).rejects.toThrow(ARN);
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
