import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { loadAssets } from '../../../web/assets.js';
import { findScripts } from '../plans.js';
import type { Synthesis } from '../synthesize.js';
import { asText, findAll, findOne } from '../templates.js';
import { always, only } from './check.js';

/** The CDK's names for CloudFront's own policies. @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html */
const NOT_CACHED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ALL_OF_THE_VIEWER = '216adef6-5c7f-47e4-b989-5492eafa07d3';

interface Behavior {
  PathPattern?: string;
  CachePolicyId: unknown;
  OriginRequestPolicyId?: string;
  AllowedMethods?: string[];
  ViewerProtocolPolicy: string;
  TrustedKeyGroups?: unknown[];
  ResponseHeadersPolicyId?: unknown;
}

export const edgeChecks = [
  always('files are had by signed URLs alone, with the key that the portal signs with', ({ templates }) => {
    const { DefaultCacheBehavior: behavior, CacheBehaviors = [] } = distribution(
      templates,
      'files, by signed URLs',
    );
    expect(CacheBehaviors).toEqual([]);
    const keys = findOne(templates, 'AWS::CloudFront::KeyGroup');
    expect((behavior.TrustedKeyGroups ?? []).map(asText)).toEqual([`<${keys.id}>`]);
    const items = (keys.Properties['KeyGroupConfig'] as { Items: unknown[] }).Items.map(asText);
    const [web] = findScripts(templates).filter(({ plan }) => plan.roles.includes('web'));
    expect(items).toEqual([web?.plan.environment['CDN_KEY_PAIR_ID']]);
  }),

  always('a file that was revoked is gone from CloudFront within the hour', ({ templates }) => {
    const { CachePolicyConfig } = findOne(templates, 'AWS::CloudFront::CachePolicy').Properties as {
      CachePolicyConfig: Record<string, unknown>;
    };
    expect(CachePolicyConfig).toMatchObject({ MinTTL: 0, MaxTTL: 3600, DefaultTTL: 3600 });
    expect(JSON.stringify(CachePolicyConfig)).toContain('response-content-disposition');
  }),

  always('of a file browsers keep nothing, and run nothing', ({ templates }) => {
    const headers = findOne(templates, 'AWS::CloudFront::ResponseHeadersPolicy');
    const text = JSON.stringify(headers.Properties);
    for (const part of ['private, no-store', 'sandbox', 'ContentTypeOptions']) expect(text).toContain(part);
    const { DefaultCacheBehavior: behavior } = distribution(templates, 'files, by signed URLs');
    expect(asText(behavior.ResponseHeadersPolicyId)).toBe(`<${headers.id}>`);
  }),

  always('requests go on to the portal as they came, and no answer is kept', ({ templates }) => {
    const { DefaultCacheBehavior, CacheBehaviors = [] } = distribution(templates, 'portal');
    const slack = CacheBehaviors.find(({ PathPattern }) => PathPattern === '/slack/*');
    for (const behavior of [DefaultCacheBehavior, slack]) {
      expect(behavior?.CachePolicyId).toBe(NOT_CACHED);
      expect(behavior?.OriginRequestPolicyId).toBe(ALL_OF_THE_VIEWER);
      expect(behavior?.AllowedMethods).toContain('POST');
      expect(behavior?.ViewerProtocolPolicy).toBe('redirect-to-https');
    }
  }),

  always('assets are kept for ever under the names that pages give them', ({ templates }) => {
    const { CacheBehaviors = [] } = distribution(templates, 'portal');
    expect(CacheBehaviors.map(({ PathPattern }) => PathPattern)).toContain('/assets/*');
    const { Properties } = findOne(templates, 'Custom::CDKBucketDeployment');
    expect(Properties).toMatchObject({ DestinationBucketKeyPrefix: 'assets/', Prune: false });
    expect(JSON.stringify(Properties['SystemMetadata'])).toContain('public, max-age=31536000, immutable');
    const [web] = findScripts(templates).filter(({ plan }) => plan.roles.includes('web'));
    const { ASSET_BASE_URL: assets, PORTAL_URL: portal } = web?.plan.environment ?? {};
    expect(assets).toBe(portal);
    // The portal adds the folder by itself.
    expect(addressOfAsset('https://portal.test')).toMatch(/^https:\/\/portal\.test\/assets\/[^/]+$/);
  }),

  always('buckets believe CloudFront by its signature', ({ templates }) => {
    const controls = findAll(templates, 'AWS::CloudFront::OriginAccessControl');
    expect(controls).toHaveLength(2);
    for (const { Properties } of controls)
      expect(JSON.stringify(Properties)).toContain('"SigningBehavior":"always"');
  }),

  only(
    'small',
    'the portal is told that people came by https, for it sets sessions on nothing else',
    ({ templates }) => {
      const origins = JSON.stringify(distribution(templates, 'portal').Origins);
      expect(origins).toContain('{"HeaderName":"X-Forwarded-Proto","HeaderValue":"https"}');
    },
  ),

  only(
    'ha',
    'CloudFront speaks TLS to the balancer, whose certificate has the name that people use',
    ({ templates, settings }) => {
      const { Properties } = findOne(templates, 'AWS::CloudFront::VpcOrigin');
      expect(Properties['VpcOriginEndpointConfig']).toMatchObject({ OriginProtocolPolicy: 'https-only' });
      const listener = findOne(templates, 'AWS::ElasticLoadBalancingV2::Listener');
      expect(listener.Properties).toMatchObject({ Port: 443, Protocol: 'HTTPS' });
      const certificate = findOne(
        { app: templates['passalong-app'] ?? { Resources: {} } },
        'AWS::CertificateManager::Certificate',
      );
      expect(certificate.Properties['DomainName']).toBe(settings.site?.name);
      expect(JSON.stringify(distribution(templates, 'portal').Aliases)).toBe(`["${settings.site?.name}"]`);
    },
  ),

  only(
    'ha',
    'who uses a connection closes it first: CloudFront, then the balancer, then Node',
    ({ templates }) => {
      const { Properties } = findOne(templates, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
      const attributes = Properties['LoadBalancerAttributes'] as { Key: string; Value: string }[];
      const idle = Number(attributes.find(({ Key }) => Key === 'idle_timeout.timeout_seconds')?.Value);
      expect(idle).toBeGreaterThan(60);
      // keepAliveTimeout in web/serve.ts
      expect(idle).toBeLessThan(75);
    },
  ),

  only(
    'ha',
    'a balancer looks for a portal that is ready, and lets requests end before it leaves one',
    ({ templates }) => {
      for (const { Properties } of findAll(templates, 'AWS::ElasticLoadBalancingV2::TargetGroup')) {
        expect(Properties['HealthCheckPath']).toBe('/readyz');
        expect(JSON.stringify(Properties['TargetGroupAttributes'])).toContain(
          '{"Key":"deregistration_delay.timeout_seconds","Value":"60"}',
        );
        // A portal that drains says 503 for DRAIN_SECONDS; two looks must fall into that.
        const [web] = findScripts(templates).filter(({ plan }) => plan.roles.includes('web'));
        expect(2 * Number(Properties['HealthCheckIntervalSeconds'])).toBeLessThan(
          Number(web?.plan.environment['DRAIN_SECONDS']),
        );
      }
    },
  ),
];

interface DistributionConfig {
  DefaultCacheBehavior: Behavior;
  CacheBehaviors?: Behavior[];
  Origins: unknown;
  Aliases?: string[];
}

function distribution(templates: Synthesis['templates'], comment: string): DistributionConfig {
  const { Properties } = findOne(templates, 'AWS::CloudFront::Distribution', `Passalong: ${comment}`);
  return Properties['DistributionConfig'] as DistributionConfig;
}

/** Where the portal's own code sends browsers for an asset. */
function addressOfAsset(baseUrl: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'passalong-assets-'));
  try {
    writeFileSync(path.join(folder, 'manifest.json'), '{"style.css":"style-1A2B.css"}');
    return loadAssets(folder, baseUrl).url('style.css');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
