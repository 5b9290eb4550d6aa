import { Duration, type Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import type { IDependable } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import { bucketNames } from '../names.js';
import type { Settings, Site } from '../settings.js';
import type { Addresses } from './process-environment.js';

/** Where CloudFront finds the portals, and the bots for what Slack sends. */
export interface Origins {
  portal: cloudfront.IOrigin;
  slack: cloudfront.IOrigin;
}

export interface Edge {
  addresses: Addresses;
  portal: cloudfront.Distribution;
  /** The assets of this release, which its pages name. */
  published: IDependable;
}

/** What CloudFront refuses to keep of an answer for longer, so that a revoked file is gone within the hour. */
const FILES_KEPT = Duration.hours(1);

const REASONS = {
  'AwsSolutions-CFR1': 'Senders and recipients are anywhere.',
  'AwsSolutions-CFR2': 'A firewall costs more than all of the small size; the portal limits rates itself.',
  'AwsSolutions-CFR3': 'Its log would hold the links that open files. The portal logs requests without them.',
  '@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac':
    'The policy of the bucket is part of the other stack, and lets the distributions of this account read.',
};

const NO_CERTIFICATE = 'Which TLS is taken under a name of CloudFront CloudFront decides.';

/**
 * CloudFront, twice: one distribution for the portal with its assets, and one under another name for files, so that
 * what a stranger sent never runs beside anybody's session. Files are had by signed URLs alone.
 */
export function createEdge(scope: Stack, settings: Settings, { portal: portalOrigin, slack }: Origins): Edge {
  const { site } = settings;
  const portal = new cloudfront.Distribution(scope, 'Portal', {
    comment: 'Passalong: portal',
    ...(site?.certificateArn && {
      domainNames: [site.name],
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      certificate: acm.Certificate.fromCertificateArn(scope, 'SiteCertificate', site.certificateArn),
    }),
    httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
    priceClass: cloudfront.PriceClass.PRICE_CLASS_100,
    defaultBehavior: passOn(portalOrigin),
    additionalBehaviors: {
      '/slack/*': passOn(slack),
      '/assets/*': {
        origin: origins.S3BucketOrigin.withOriginAccessControl(
          s3.Bucket.fromBucketName(scope, 'AssetsBucket', bucketNames.assets(settings)),
        ),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        compress: true,
      },
    },
  });
  acknowledge(portal, { ...REASONS, ...(!site && { 'AwsSolutions-CFR4': NO_CERTIFICATE }) });
  if (site) addNames(scope, site, portal);
  const published = publishAssets(scope, settings);

  const key = new cloudfront.PublicKey(scope, 'DownloadKey', { encodedKey: settings.cdnPublicKey });
  const downloads = createDownloads(scope, settings, key);
  const portalUrl = `https://${site?.name ?? portal.distributionDomainName}`;
  return {
    portal,
    published,
    addresses: {
      portalUrl,
      // The portal itself adds the folder, which the behaviour above is for.
      assetBaseUrl: portalUrl,
      downloadUrl: `https://${downloads.distributionDomainName}`,
      cdnKeyPairId: key.publicKeyId,
    },
  };
}

/** Every request goes on to the origin as it came, and no answer is kept. */
function passOn(origin: cloudfront.IOrigin): cloudfront.BehaviorOptions {
  return {
    origin,
    allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
    viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
    originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER,
    compress: true,
  };
}

function createDownloads(
  scope: Stack,
  settings: Settings,
  key: cloudfront.PublicKey,
): cloudfront.Distribution {
  const files = s3.Bucket.fromBucketName(scope, 'DownloadsBucket', bucketNames.files(settings));
  const downloads = new cloudfront.Distribution(scope, 'Downloads', {
    comment: 'Passalong: files, by signed URLs',
    httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
    priceClass: cloudfront.PriceClass.PRICE_CLASS_100,
    defaultBehavior: {
      origin: origins.S3BucketOrigin.withOriginAccessControl(files),
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
      trustedKeyGroups: [new cloudfront.KeyGroup(scope, 'DownloadKeys', { items: [key] })],
      cachePolicy: new cloudfront.CachePolicy(scope, 'FilesCache', {
        comment: 'Files: an hour at most, told apart by the name that they are saved under',
        minTtl: Duration.seconds(0),
        defaultTtl: FILES_KEPT,
        maxTtl: FILES_KEPT,
        queryStringBehavior: cloudfront.CacheQueryStringBehavior.allowList(
          'response-content-disposition',
          'response-content-type',
          'response-cache-control',
        ),
      }),
      compress: false,
      // Of what the edge keeps, browsers keep nothing, and run nothing.
      responseHeadersPolicy: new cloudfront.ResponseHeadersPolicy(scope, 'FilesHeaders', {
        comment: 'Files: for one person, never shown in place',
        customHeadersBehavior: {
          customHeaders: [{ header: 'Cache-Control', value: 'private, no-store', override: true }],
        },
        securityHeadersBehavior: {
          contentTypeOptions: { override: true },
          contentSecurityPolicy: { contentSecurityPolicy: "sandbox; default-src 'none'", override: true },
        },
      }),
    },
  });
  acknowledge(downloads, { ...REASONS, 'AwsSolutions-CFR4': NO_CERTIFICATE });
  return downloads;
}

/** Before any machine has the release whose pages name them; those of earlier releases stay for who still runs these. */
function publishAssets(scope: Stack, settings: Settings): IDependable {
  const published = new BucketDeployment(scope, 'PublishAssets', {
    sources: [Source.asset(settings.assetsPath)],
    destinationBucket: s3.Bucket.fromBucketName(scope, 'PublishedAssets', bucketNames.assets(settings)),
    destinationKeyPrefix: 'assets/',
    prune: false,
    retainOnDelete: true,
    cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
  });
  const { account, region } = settings;
  const handler = scope.node.children.find(({ node }) => node.id.startsWith('Custom::CDKBucketDeployment'));
  if (!handler) throw new Error('the CDK deploys assets by a function of its own');
  const reason =
    "A function of the CDK's own: it reads what was uploaded and writes the bucket of assets, no other.";
  acknowledge(handler, {
    [`AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]`]:
      reason,
    'AwsSolutions-L1': reason,
    ...Object.fromEntries(
      [
        ...['Action::s3:GetBucket*', 'Action::s3:GetObject*', 'Action::s3:List*', 'Action::s3:Abort*'],
        ...['Action::s3:DeleteObject*', `Resource::arn:aws:s3:::${bucketNames.assets(settings)}/*`],
        `Resource::arn:aws:s3:::cdk-hnb659fds-assets-${account}-${region}/*`,
      ].map((finding) => [`AwsSolutions-IAM5[${finding}]`, reason]),
    ),
  });
  return published;
}

function addNames(scope: Stack, site: Site, portal: cloudfront.Distribution): void {
  const zone = route53.PublicHostedZone.fromPublicHostedZoneAttributes(scope, 'SiteZone', {
    hostedZoneId: site.zoneId,
    zoneName: site.zoneName,
  });
  const target = route53.RecordTarget.fromAlias(new CloudFrontTarget(portal));
  new route53.ARecord(scope, 'SiteA', { zone, recordName: `${site.name}.`, target });
  new route53.AaaaRecord(scope, 'SiteAaaa', { zone, recordName: `${site.name}.`, target });
}
