import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ReadyMarks } from '../core/ports.js';
import { mailReadyKey, shareReadyKey } from '../core/storage-keys.js';
import { translateS3Error } from './s3.js';

/** Empty objects whose creation has the Lambda send mail. Writing one again asks again. */
export function createS3ReadyMarks(client: S3Client, bucket: string): ReadyMarks {
  const mark = async (key: string): Promise<void> => {
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: '', ContentLength: 0 }));
    } catch (error) {
      throw translateS3Error(error);
    }
  };
  return {
    markShare: (shareId) => mark(shareReadyKey(shareId)),
    markMail: (deliveryId) => mark(mailReadyKey(deliveryId)),
  };
}
