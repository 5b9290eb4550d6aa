import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestS3 } from './s3-support.js';
import type { TestS3 } from './s3-support.js';

interface ReceivedEvent {
  invocationType: string;
  record: {
    eventName: string;
    eventSource: string;
    awsRegion: string;
    s3: { bucket: { name: string }; object: { key: string; size: number; eTag: string; sequencer: string } };
  };
}

let target: Server;
let url: string;
let status: number;
let received: ReceivedEvent[];
let s3: TestS3;

beforeEach(async () => {
  received = [];
  status = 202;
  target = createServer((request, response) => {
    void text(request).then((body) => {
      const { Records } = JSON.parse(body) as { Records: [ReceivedEvent['record']] };
      received.push({ invocationType: String(request.headers['x-amz-invocation-type']), record: Records[0] });
      response.writeHead(status).end();
    });
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  url = `http://127.0.0.1:${String((target.address() as AddressInfo).port)}/2015-03-31/functions/on-ready/invocations`;
  s3 = await startTestS3({ eventTarget: { url, suffix: '/ready' } });
});
afterEach(async () => {
  await s3.remove();
  target.closeAllConnections();
  target.close();
});

const mark = (name: string) =>
  s3.client.send(
    new PutObjectCommand({ Bucket: 'files', Key: `shares/${name}/ready`, Body: '', ContentLength: 0 }),
  );
const names = () => received.map(({ record }) => record.s3.object.key.split('/')[1]);
const outbox = () => readdir(join(s3.dataDir, 'outbox'));
const eventually = (read: () => unknown, expected: unknown) => expect.poll(read).toEqual(expected);

test('announces only keys with the suffix, in the shape of Amazon, and then empties the outbox', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket: 'files', Key: 'shares/1/file.bin', Body: 'x' }));
  const { ETag } = await mark('a ü+b');
  await eventually(() => received.length, 1);
  const [event] = received;
  expect(event?.invocationType).toBe('Event');
  expect(event?.record).toMatchObject({
    eventName: 'ObjectCreated:Put',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-1',
    s3: { bucket: { name: 'files' }, object: { size: 0, eTag: ETag?.replaceAll('"', '') } },
  });
  const key = event?.record.s3.object.key ?? '';
  expect(key).toBe('shares/a+%C3%BC%2Bb/ready');
  expect(decodeURIComponent(key.replace(/\+/g, ' '))).toBe('shares/a ü+b/ready');
  await eventually(outbox, []);
});

test('gives later events of a key a greater sequencer, and tells completed uploads apart', async () => {
  const target = { Bucket: 'files', Key: 'shares/1/ready' };
  await mark('1');
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(target));
  const part = { ...target, UploadId, PartNumber: 1 };
  const { ETag } = await s3.client.send(new UploadPartCommand({ ...part, Body: 'x' }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
  await eventually(() => received.length, 2);
  const [first, second] = received.map(({ record }) => record.s3.object.sequencer).sort();
  expect(first).not.toBe(second);
  const completed = received.find(
    ({ record }) => record.eventName === 'ObjectCreated:CompleteMultipartUpload',
  );
  expect(completed?.record.s3.object.sequencer).toBe(second);
});

test('tries again until the target accepts', async () => {
  status = 500;
  await mark('1');
  await eventually(() => received.length >= 2, true);
  expect(await outbox()).toHaveLength(1);
  status = 202;
  await eventually(outbox, []);
});

test('keeps what is not delivered and delivers it after a restart', async () => {
  status = 500;
  await mark('1');
  await mark('2');
  await s3.close();
  received = [];
  status = 202;
  const { dataDir } = s3;
  s3 = await startTestS3({ dataDir, eventTarget: { url, suffix: '/ready' } });
  await eventually(() => [...new Set(names())].sort(), ['1', '2']);
  await eventually(outbox, []);
});

test('makes no event of a write that was refused', async () => {
  await mark('1');
  await eventually(() => received.length, 1);
  const again = new PutObjectCommand({ Bucket: 'files', Key: 'shares/1/ready', Body: '', IfNoneMatch: '*' });
  await expect(s3.client.send(again)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  expect(await outbox()).toEqual([]);
});

test('duplicates, drops, delays and reorders events on demand', async () => {
  s3.faults.events = 'duplicate';
  await mark('twice');
  await eventually(names, ['twice', 'twice']);
  await eventually(outbox, []);

  s3.faults.events = 'drop';
  await mark('lost');
  await eventually(outbox, []);

  s3.faults.events = 'delay';
  s3.faults.delayMs = 400;
  const startedAt = performance.now();
  await mark('late');
  await eventually(names, ['twice', 'twice', 'late']);
  expect(performance.now() - startedAt).toBeGreaterThan(350);

  received = [];
  s3.faults.events = 'reorder';
  for (const name of ['1', '2', '3']) await mark(name);
  await eventually(names, ['3', '2', '1']);
  await eventually(outbox, []);
});
