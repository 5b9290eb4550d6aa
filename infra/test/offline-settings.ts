import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Size } from '../settings.js';

/**
 * The context of a deployment that nothing has to be built or looked up for. What is deployed is made up in `folder`,
 * the same bytes each time, so that templates are too.
 */
export function offlineContext(
  size: Size,
  folder: string,
  artefactText = 'an artefact',
): Record<string, string> {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'artefact.tar.gz'), artefactText);
  writeFileSync(join(folder, 'on-ready.zip'), 'a function');
  writeFileSync(join(folder, 'on-feedback.zip'), 'another function');
  writeFileSync(join(folder, 'assets', 'portal-ABCDEFGH.css'), 'body {}');
  return {
    size,
    account: '111111111111',
    region: 'eu-central-1',
    zones: 'eu-central-1a,eu-central-1b',
    alarmEmail: 'ops@example.com',
    cloudFrontPrefixList: 'pl-a3a144ca',
    cdnPublicKey: '-----BEGIN PUBLIC KEY-----\nan example\n-----END PUBLIC KEY-----\n',
    artefact: join(folder, 'artefact.tar.gz'),
    functions: folder,
    assets: join(folder, 'assets'),
    ...(size === 'small'
      ? { mailFrom: 'share@example.com' }
      : {
          mailFrom: 'passalong@share.example.com',
          replicaRegion: 'eu-west-1',
          domain: 'share.example.com',
          zoneId: 'Z0123456789ABCDEFGHIJ',
          zoneName: 'example.com',
          certificateArn:
            'arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000',
        }),
  };
}
