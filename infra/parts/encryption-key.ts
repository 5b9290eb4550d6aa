import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** Services that write to encrypted topics and queues of ours, and what each of them is. */
const WRITERS = [
  'cloudwatch.amazonaws.com', // alarms to their topic
  'budgets.amazonaws.com', // costs to the same
  'ses.amazonaws.com', // what became of mails
  'sns.amazonaws.com', // from a topic into its queue
  'events.amazonaws.com', // events that could not be handed on
];

/**
 * The one key for all that is kept. Its policy lets services of this account use it, each for its own purpose: without
 * that an alarm is silently lost on its way to the topic.
 */
export function createEncryptionKey(scope: Construct, id: string, alias: string): kms.Key {
  const key = new kms.Key(scope, id, {
    alias,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
    description: 'Passalong: files, database, secrets, topics and queues',
  });
  const ownAccount = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
  for (const service of WRITERS) {
    key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(service)],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: ownAccount,
      }),
    );
  }
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('cloudfront.amazonaws.com')],
      actions: ['kms:Decrypt'],
      resources: ['*'],
      conditions: { StringLike: { 'aws:SourceArn': `arn:aws:cloudfront::${Aws.ACCOUNT_ID}:distribution/*` } },
    }),
  );
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:*` },
      },
    }),
  );
  return key;
}
