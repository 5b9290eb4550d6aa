import { mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { startDebianServer, type DebianServer } from '../start/debian-server.js';
import { ensureCertificate } from './ensure-certificate.js';
import { renderConfig } from './render-config.js';

export interface NginxOptions {
  /** infra/nginx. */
  templates: string;
  /** Where the filled-in configuration, the certificate, the logs and the process id are. */
  runDir: string;
  /** The folder that has `assets/`. */
  assetRoot: string;
  port: number;
  /** `host:port` of each. */
  portals: readonly string[];
  bots: readonly string[];
  /** A storage server to be reached by nginx on a port of its own, over plain http. */
  storage: { port: number; server: string } | null;
}

export interface Nginx extends Omit<DebianServer, 'close'> {
  url: string;
  certificatePath: string;
  accessLogPath: string;
  /** Lets running answers end, as long as the supervisor has patience. */
  close(): Promise<void>;
}

/** Debian's nginx on 127.0.0.1 with production's configuration. @throws Error with what it said where it does not start */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { templates, runDir, port, storage } = options;
  await mkdir(runDir, { recursive: true });
  const certificate = await ensureCertificate(runDir);
  const configDir = path.join(runDir, 'config');
  await rm(configDir, { recursive: true, force: true });
  const values = {
    RUN_DIR: runDir,
    ASSET_ROOT: options.assetRoot,
    ERROR_ROOT: templates,
    LISTEN: `127.0.0.1:${port}`,
    SERVER_NAME: '127.0.0.1 localhost',
    CERTIFICATE: certificate.certificatePath,
    CERTIFICATE_KEY: certificate.keyPath,
    TRUSTED_PROXIES: '',
    PORTAL_SERVERS: describeServers(options.portals),
    BOT_SERVERS: describeServers(options.bots),
  };
  const storageValues: Record<string, string> = storage
    ? { STORAGE_LISTEN: `127.0.0.1:${storage.port}`, STORAGE_SERVERS: describeServers([storage.server]) }
    : {};
  await renderConfig({ templates, configDir, values: { ...values, ...storageValues } });

  // The data folder and the checkout may be root's alone, who then serves; elsewhere nginx runs as whoever starts it.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const flags = [
    '-p',
    runDir,
    '-e',
    path.join(runDir, 'error.log'),
    '-c',
    path.join(configDir, 'nginx.conf'),
  ];
  const server = await startDebianServer('nginx', [...flags, '-g', `daemon off; ${user}`], () =>
    accepts(port),
  );
  return {
    ...server,
    url: `https://127.0.0.1:${port}`,
    certificatePath: certificate.certificatePath,
    accessLogPath: path.join(runDir, 'access.log'),
    close: () => server.close('SIGQUIT'),
  };
}

function describeServers(addresses: readonly string[]): string {
  return addresses.map((address) => `server ${address} max_fails=1 fail_timeout=5s;`).join('\n    ');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
