import { expect, onTestFinished, test, vi } from 'vitest';
import { createPresigningClient, storageOrigin } from '../../adapters/s3.js';
import { createS3UploadStore } from '../../adapters/s3-upload-store.js';
import { signerFor } from '../support/signer-for.js';

process.env.AWS_ACCESS_KEY_ID = 'key';
process.env.AWS_SECRET_ACCESS_KEY = 'secret';

const none = { name: 'files', endpoint: undefined, publicEndpoint: undefined, credentials: undefined };

test.each([
  ['a bucket of AWS', { ...none, region: 'eu-central-1', bucket: 'passalong' }],
  ['the first region', { ...none, region: 'us-east-1', bucket: 'passalong' }],
  ['a bucket with dots', { ...none, region: 'eu-central-1', bucket: 'pass.along' }],
  ['another partition', { ...none, region: 'cn-north-1', bucket: 'passalong' }],
  [
    'a server of our own',
    { ...none, endpoint: 'http://127.0.0.1:9000', region: 'us-east-1', bucket: 'files' },
  ],
  [
    'one that browsers reach elsewhere',
    {
      ...none,
      endpoint: 'http://10.0.0.1:9000',
      publicEndpoint: 'https://files.example/',
      region: 'us-east-1',
      bucket: 'files',
    },
  ],
])('the origin of %s is that of the URLs which browsers are given', async (_, options) => {
  const client = createPresigningClient(options);
  const uploads = createS3UploadStore(client, client, options.bucket);
  const signer = signerFor(client, options.bucket);
  const origin = await storageOrigin(options);
  expect(new URL(await uploads.signPart('key', 'upload', 1, 10)).origin).toBe(origin);
  expect(new URL(await signer.signDownload('key', { name: 'a', sizeBytes: 1 }, [])).origin).toBe(origin);
});

test('the origin is known without credentials, since the portal starts before it is asked for any', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const origin = await storageOrigin({ ...none, region: 'eu-central-1', bucket: 'passalong' });
  expect(origin).toBe('https://passalong.s3.eu-central-1.amazonaws.com');
});
