import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import type { Settings, Site } from '../settings.js';

export const CONFIGURATION_SET = 'passalong';

/** A message is given to the function again after this long: six times what the function may take. */
const RETRY_AFTER = Duration.minutes(6);

export interface Mail {
  /** The identity's name: the domain, or the single address. */
  identity: string;
  /** What became of mails, for the function on-feedback, and what it could not read. */
  feedback: sqs.Queue;
  lostFeedback: sqs.Queue;
}

/** Who mails, and how SES tells what became of each mail: configuration set → topic → queue. */
export function createMail(scope: Construct, settings: Settings, key: kms.IKey): Mail {
  const set = new ses.ConfigurationSet(scope, 'MailSet', {
    configurationSetName: CONFIGURATION_SET,
    reputationMetrics: true,
    sendingEnabled: true,
    suppressionReasons: ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    tlsPolicy: ses.ConfigurationSetTlsPolicy.REQUIRE,
  });
  const topic = new sns.Topic(scope, 'MailEvents', { masterKey: key, enforceSSL: true });
  set.addEventDestination('Events', {
    destination: ses.EventDestination.snsTopic(topic),
    events: [
      ...[ses.EmailSendingEvent.SEND, ses.EmailSendingEvent.DELIVERY, ses.EmailSendingEvent.BOUNCE],
      ...[ses.EmailSendingEvent.COMPLAINT, ses.EmailSendingEvent.REJECT],
      ses.EmailSendingEvent.DELIVERY_DELAY,
    ],
  });
  const queue = { encryptionMasterKey: key, enforceSSL: true, retentionPeriod: Duration.days(14) };
  const lostFeedback = new sqs.Queue(scope, 'LostFeedback', queue);
  acknowledge(lostFeedback, { 'AwsSolutions-SQS3': 'It is where what could not be read ends.' });
  const feedback = new sqs.Queue(scope, 'Feedback', {
    ...queue,
    visibilityTimeout: RETRY_AFTER,
    deadLetterQueue: { queue: lostFeedback, maxReceiveCount: 5 },
  });
  topic.addSubscription(new subscriptions.SqsSubscription(feedback, { rawMessageDelivery: true }));
  return { identity: createIdentity(scope, settings, set), feedback, lostFeedback };
}

function createIdentity(
  scope: Construct,
  settings: Settings,
  configurationSet: ses.ConfigurationSet,
): string {
  const { site, mailFrom } = settings;
  const domain = mailFrom.split('@')[1] ?? '';
  if (site?.name !== domain) {
    // AWS mails this address a link; whoever presses it may send from it.
    new ses.EmailIdentity(scope, 'Sender', { identity: ses.Identity.email(mailFrom), configurationSet });
    return mailFrom;
  }
  const identity = new ses.EmailIdentity(scope, 'Sender', {
    identity: ses.Identity.domain(domain),
    configurationSet,
    dkimIdentity: ses.DkimIdentity.easyDkim(ses.EasyDkimSigningKeyLength.RSA_2048_BIT),
    mailFromDomain: `bounce.${domain}`,
    mailFromBehaviorOnMxFailure: ses.MailFromBehaviorOnMxFailure.USE_DEFAULT_VALUE,
  });
  addRecords(scope, settings, site, identity);
  return domain;
}

/** What lets receivers believe that a mail is ours: DKIM, SPF for the bounces' domain, and DMARC. */
function addRecords(scope: Construct, { region }: Settings, site: Site, identity: ses.EmailIdentity): void {
  const zone = route53.PublicHostedZone.fromPublicHostedZoneAttributes(scope, 'MailZone', {
    hostedZoneId: site.zoneId,
    zoneName: site.zoneName,
  });
  identity.dkimRecords.forEach(({ name, value }, index) => {
    new route53.CfnRecordSet(scope, `Dkim${index + 1}`, {
      hostedZoneId: site.zoneId,
      name,
      type: 'CNAME',
      ttl: '1800',
      resourceRecords: [value],
    });
  });
  const bounces = `bounce.${site.name}.`;
  new route53.MxRecord(scope, 'BouncesMx', {
    zone,
    recordName: bounces,
    values: [{ priority: 10, hostName: `feedback-smtp.${region}.amazonses.com` }],
  });
  new route53.TxtRecord(scope, 'BouncesSpf', {
    zone,
    recordName: bounces,
    values: ['v=spf1 include:amazonses.com ~all'],
  });
  new route53.TxtRecord(scope, 'Dmarc', {
    zone,
    recordName: `_dmarc.${site.name}.`,
    values: ['v=DMARC1; p=quarantine; adkim=r; aspf=r'],
  });
}
