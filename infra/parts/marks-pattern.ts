import * as events from 'aws-cdk-lib/aws-events';
import { MAIL_PREFIX, READY_SUFFIX, SHARE_PREFIX } from '../../core/storage-keys.js';

/** Ready marks in a bucket, as EventBridge matches them. */
export function marksPattern(bucketName: string): events.EventPattern {
  return {
    source: ['aws.s3'],
    detailType: ['Object Created'],
    detail: {
      bucket: { name: [bucketName] },
      object: {
        key: [SHARE_PREFIX, MAIL_PREFIX].flatMap((prefix) =>
          events.Match.wildcard(`${prefix}*${READY_SUFFIX}`),
        ),
      },
    },
  };
}
