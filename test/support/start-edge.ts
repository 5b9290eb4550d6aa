import { spawn } from 'node:child_process';
import { createVerify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export interface EdgeOptions {
  /** A free one. */
  port: number;
  portalUrl: string;
  /** The origin of downloads, which the edge alone may read: as CloudFront's origin access control. */
  s3: { client: S3Client; bucket: string; url: string };
  keyPairId: string;
  /** PEM. */
  publicKey: string;
}

/**
 * An edge of a CDN as CloudFront is one: nginx that keeps assets of the portal, and downloads of storage for those
 * alone who bring a signed URL. `x-cache` says HIT or MISS. @see CONFIGURATION
 */
export async function startEdge(options: EdgeOptions): Promise<{ url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edge-'));
  const { port } = options;
  const url = `http://127.0.0.1:${port}`;
  const gate = createServer((request, response) => {
    void admit(options, url, String(request.headers['x-original-uri'])).then((query) => {
      if (query === null) response.writeHead(403).end();
      else response.writeHead(204, { 'x-origin-query': query }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const configuration = CONFIGURATION({
    ...{ folder, port, portal: options.portalUrl, storage: `${options.s3.url}/${options.s3.bucket}` },
    gate: (gate.address() as AddressInfo).port,
  });
  await writeFile(path.join(folder, 'nginx.conf'), configuration);
  const nginx = spawn('nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'error.log'], {
    env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin` },
    stdio: 'inherit',
  });
  const exited = once(nginx, 'exit');
  for (let round = 0; round < 200; round += 1) {
    if (await fetch(`${url}/edge-is-up`).catch(() => null)) break;
    if (nginx.exitCode !== null) throw new Error(await readFile(path.join(folder, 'error.log'), 'utf8'));
    await sleep(25);
  }
  return {
    url,
    async close() {
      nginx.kill('SIGTERM');
      await exited;
      gate.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A canned policy. @returns what the origin is asked with, or null for whoever may not have it */
async function admit(options: EdgeOptions, edge: string, uri: string): Promise<string | null> {
  const signed = new URL(uri, edge);
  const { searchParams } = signed;
  const read = (name: string): string => searchParams.get(name) ?? '';
  const [resource = ''] = signed.href.split(/[?&]Expires=/);
  const policy = JSON.stringify({
    Statement: [
      { Resource: resource, Condition: { DateLessThan: { 'AWS:EpochTime': Number(read('Expires')) } } },
    ],
  });
  const signature = Buffer.from(
    read('Signature').replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'),
    'base64',
  );
  const isSigned = createVerify('RSA-SHA1').update(policy).verify(options.publicKey, signature);
  const isInTime = Number(read('Expires')) * 1000 > Date.now();
  if (!isSigned || !isInTime || read('Key-Pair-Id') !== options.keyPairId) return null;
  const command = new GetObjectCommand({
    Bucket: options.s3.bucket,
    Key: decodeURIComponent(signed.pathname.slice(1)),
    ResponseContentDisposition: read('response-content-disposition'),
    ResponseContentType: read('response-content-type'),
  });
  return new URL(await getSignedUrl(options.s3.client, command, { expiresIn: 60 })).search.slice(1);
}

/**
 * What CloudFront's behaviours say: assets are kept as long as their origin says, downloads for an hour under their
 * path and the headers that were asked for, and browsers keep none of the latter.
 */
const CONFIGURATION = (at: {
  folder: string;
  port: number;
  portal: string;
  storage: string;
  gate: number;
}): string => `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${at.folder}/pid;
error_log ${at.folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${at.folder}/body;
  proxy_temp_path ${at.folder}/proxy;
  fastcgi_temp_path ${at.folder}/fastcgi;
  uwsgi_temp_path ${at.folder}/uwsgi;
  scgi_temp_path ${at.folder}/scgi;
  proxy_cache_path ${at.folder}/cache keys_zone=edge:1m;
  server {
    listen 127.0.0.1:${at.port};
    add_header x-cache $upstream_cache_status always;
    location = /edge-is-up { return 204; }
    location /assets/ {
      proxy_pass ${at.portal};
      proxy_cache edge;
    }
    location = /gate {
      internal;
      proxy_pass http://127.0.0.1:${at.gate};
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-URI $request_uri;
    }
    location /shares/ {
      auth_request /gate;
      auth_request_set $origin_query $upstream_http_x_origin_query;
      set $asked "";
      if ($args ~ "^(response-content-disposition=[^&]*&response-content-type=[^&]*)&Expires=") { set $asked $1; }
      proxy_pass ${at.storage}$uri?$origin_query;
      proxy_cache edge;
      proxy_cache_key "$uri?$asked";
      proxy_cache_valid 200 1h;
      proxy_ignore_headers Cache-Control Expires Set-Cookie;
      proxy_hide_header Cache-Control;
      add_header x-cache $upstream_cache_status always;
      add_header Cache-Control "private, no-store" always;
    }
  }
}
`;
