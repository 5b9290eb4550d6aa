import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { call } from '../../../local/demo/entrance.js';
import type { BenchStack } from './with-stack.js';

const MIB = 1024 ** 2;

export interface BenchFile {
  path: string;
  sizeBytes: number;
  sha256: string;
}

/** Writes a file of random bytes, a whole number of MiB of them. */
export async function makeFile(path: string, mib: number): Promise<BenchFile> {
  const noise = createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16));
  const zeros = Buffer.alloc(MIB);
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  for (let written = 0; written < mib; written += 1) {
    const chunk = noise.update(zeros);
    hash.update(chunk);
    await file.write(chunk);
  }
  await file.close();
  return { path, sizeBytes: mib * MIB, sha256: hash.digest('hex') };
}

/** Hands a file to one of the doubles as a person's upload, streaming. @returns what the double says of it */
export async function postFile<T>(url: string, about: Record<string, string>, path: string): Promise<T> {
  const body = Readable.toWeb(createReadStream(path)) as ReadableStream;
  // `duplex` is what fetch wants for a stream; the types of Node 20 do not know it in a RequestInit.
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  return call<T>(`${url}/_control/files?${new URLSearchParams(about)}`, init);
}

/** A client of the stack's storage as anybody would make it: the SDK's defaults. */
export function storageClient({ productEnv }: BenchStack): { client: S3Client; bucket: string } {
  const { S3_ENDPOINT: endpoint = '', AWS_REGION: region = '', S3_BUCKET: bucket = '' } = productEnv;
  const credentials = {
    accessKeyId: productEnv['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: productEnv['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  return { client: new S3Client({ endpoint, region, credentials, forcePathStyle: true }), bucket };
}

/** Reads an object back from storage. @returns its SHA-256 in hex */
export async function hashStored(stack: BenchStack, key: string): Promise<string> {
  const { client, bucket } = storageClient(stack);
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const hash = createHash('sha256');
  for await (const chunk of Body as Readable) hash.update(chunk as Buffer);
  client.destroy();
  return hash.digest('hex');
}
