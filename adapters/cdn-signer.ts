import { createPrivateKey } from 'node:crypto';
import { getSignedUrl } from '@aws-sdk/cloudfront-signer';
import { create as contentDisposition } from 'content-disposition';
import type { CdnDownloads } from '../core/config.js';

/**
 * Signs URLs of CloudFront, whose origin is the primary. The edge asks the primary for the same headers as a
 * presigned URL names, keeps the bytes for an hour at most, and checks signature and time for each request.
 * @throws Error at once where the key cannot be used
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html
 */
export function createCdnSigner({
  url,
  keyPairId,
  privateKey,
}: CdnDownloads): (key: string, name: string, lifetimeSeconds: number) => string {
  requireRsa(privateKey);
  return (key: string, name: string, lifetimeSeconds: number): string => {
    const asked = new URLSearchParams({
      'response-content-disposition': contentDisposition(name, { type: 'attachment' }),
      'response-content-type': 'application/octet-stream',
    });
    return getSignedUrl({
      // URLSearchParams writes a space as a plus, which S3 takes for one.
      url: `${url}/${key}?${asked.toString().replaceAll('+', '%20')}`,
      keyPairId,
      privateKey,
      dateLessThan: new Date(Date.now() + lifetimeSeconds * 1000),
    });
  };
}

function requireRsa(pem: string): void {
  const type = (() => {
    try {
      return createPrivateKey(pem).asymmetricKeyType;
    } catch {
      return undefined;
    }
  })();
  if (type !== 'rsa') throw new Error('CDN_PRIVATE_KEY is not an RSA private key that can be read.');
}
