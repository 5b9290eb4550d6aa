import { lookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Why a URL was not asked at all; of the URL itself it keeps the host alone. */
export class BlockedUrl extends Error {
  override readonly name = 'BlockedUrl';

  constructor(
    message: string,
    readonly hostname = '',
  ) {
    super(message);
  }
}

export interface GuardOptions {
  /** `host`, `*.domain`, or `host:port`: only the last may be http, on any port and on loopback; for tests and doubles. */
  hosts: readonly string[];
  /** Sent to the hosts above and to no other. */
  headers?: Readonly<Record<string, string>>;
}

const MAX_REDIRECTS = 3;
const IDLE_TIMEOUT_MS = 30_000;

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv6');
}

/**
 * GET for a URL that a chat platform, and so in the end a stranger, named. Only https to the configured hosts,
 * a public address that is looked up once and connected to, and redirects by hand to the same hosts, three at most.
 * @returns the last answer, whatever its status; the caller reads or destroys it @throws BlockedUrl, or a network error
 */
export async function guardedGet(
  url: string,
  options: GuardOptions,
  redirects = 0,
): Promise<IncomingMessage> {
  const target = checkUrl(url, options.hosts);
  const response = await send(target, options);
  const { statusCode = 0, headers } = response;
  if (statusCode < 300 || statusCode >= 400 || !headers.location) return response;
  response.destroy();
  if (redirects >= MAX_REDIRECTS) throw new BlockedUrl('too many redirects');
  const { location } = headers;
  return guardedGet(
    URL.canParse(location, target.href) ? new URL(location, target).href : '',
    options,
    redirects + 1,
  );
}

function checkUrl(text: string, hosts: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || url.username || url.password) throw new BlockedUrl('not a plain URL');
  if (hosts.includes(url.host) && url.port !== '') return url;
  const isKnown = hosts.some(
    (host) => host === url.hostname || (host.startsWith('*.') && url.hostname.endsWith(host.slice(1))),
  );
  if (!isKnown || url.protocol !== 'https:' || url.port !== '') {
    throw new BlockedUrl('not a host of the platform', url.hostname);
  }
  return url;
}

function send(url: URL, { hosts, headers }: GuardOptions): Promise<IncomingMessage> {
  const isLocal = url.port !== '' && hosts.includes(url.host);
  const options: RequestOptions = {
    headers: { ...headers, 'accept-encoding': 'identity' },
    timeout: IDLE_TIMEOUT_MS,
  };
  if (!isLocal) options.lookup = lookupPublic;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, resolve);
    request.on('timeout', () => request.destroy(new Error('the host went silent')));
    request.on('error', reject);
    request.end();
  });
}

/** Refuses names that point into our own network; the connection goes to the very address that was checked. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, '', 0);
      return;
    }
    const isPrivate = addresses.some(({ address }) =>
      PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
    );
    const [first] = addresses;
    if (isPrivate || !first) callback(new BlockedUrl('a private address'), '', 0);
    else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
