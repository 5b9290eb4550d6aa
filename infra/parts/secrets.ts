import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import { SECRETS } from '../names.js';
import type { Settings } from '../settings.js';

/** Each is a JSON object whose fields are variables of the processes; who may read which is said in roles.ts. */
export interface Secrets {
  /** LINK_SECRET, and LINK_SECRET_PREVIOUS while it is changed. */
  links: secretsmanager.Secret;
  /** SESSION_SECRET */
  sessions: secretsmanager.Secret;
  /** SLACK_… and DISCORD_…, which the operator fills in. */
  chat: secretsmanager.Secret;
  /** CDN_PRIVATE_KEY, which `npm run deploy` makes and fills in. */
  cdn: secretsmanager.Secret;
  /** QUEUE_TOKEN, part of REDIS_URL; null where Postgres is the queue. */
  queue: secretsmanager.Secret | null;
}

const CHANGED_BY_HAND =
  'Links and sessions out in the world are signed with it: an operator changes it, with the one before still taken.';
const NOT_OURS = 'Slack, Discord or CloudFront decide when it changes; an operator fills it in.';

export function createSecrets(scope: Construct, settings: Settings, key: kms.Key): Secrets {
  const all = { encryptionKey: key, removalPolicy: RemovalPolicy.DESTROY };
  const generated = (id: string, secretName: string, field: string): secretsmanager.Secret => {
    const secret = new secretsmanager.Secret(scope, id, {
      ...all,
      secretName,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: field,
        passwordLength: 64,
        excludePunctuation: true,
      },
    });
    acknowledge(secret, { 'AwsSolutions-SMG4': CHANGED_BY_HAND });
    return secret;
  };
  const filledIn = (id: string, secretName: string): secretsmanager.Secret => {
    // Empty once; whatever is put in afterwards stays, since this text never changes.
    const secretStringValue = SecretValue.unsafePlainText('{}');
    const secret = new secretsmanager.Secret(scope, id, { ...all, secretName, secretStringValue });
    acknowledge(secret, { 'AwsSolutions-SMG4': NOT_OURS });
    return secret;
  };
  return {
    links: generated('LinkSecret', SECRETS.links, 'LINK_SECRET'),
    sessions: generated('SessionSecret', SECRETS.sessions, 'SESSION_SECRET'),
    chat: filledIn('ChatSecret', SECRETS.chat),
    cdn: filledIn('CdnSecret', SECRETS.cdn),
    queue: settings.queue === 'redis' ? generated('QueueSecret', SECRETS.queue, 'QUEUE_TOKEN') : null,
  };
}
