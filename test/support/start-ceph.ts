import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findFreePorts } from '../../local/start/ports.js';

export const CEPH_HINT = 'no Ceph here: apt-get install --no-install-recommends ceph-mon ceph-osd radosgw';

/** An S3 server that this project did not write: Ceph's gateway, over one store in memory. */
export interface TestCeph {
  url: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  close(): Promise<void>;
}

/** Whether a Ceph can be started here. */
export function hasCeph(): boolean {
  return ['ceph-mon', 'ceph-osd', 'radosgw'].every((name) => spawnSync(name, ['--version']).status === 0);
}

/**
 * The smallest cluster there can be, on free ports of this machine; takes about ten seconds. It is tried anew where it
 * fails: on a busy machine its store may ask before the monitor knows who it is, and then gives up ("wrong fsid").
 * @throws Error with what it said where it does not start
 */
export async function startCeph(triesLeft = 2): Promise<TestCeph> {
  return tryCeph().catch((error: unknown) => {
    if (triesLeft === 0) throw error;
    return startCeph(triesLeft - 1);
  });
}

async function tryCeph(): Promise<TestCeph> {
  const dir = await mkdtemp(path.join(tmpdir(), 'passalong-ceph-'));
  const [monitorPort = 0, s3Port = 0] = await findFreePorts(2);
  const url = `http://127.0.0.1:${s3Port}`;
  const credentials = { accessKeyId: 'AKIDCEPH', secretAccessKey: 'ceph-secret' };
  const fsid = randomUUID();
  const osdUuid = randomUUID();
  const config = path.join(dir, 'ceph.conf');
  const daemons: ChildProcess[] = [];

  const run = (command: string, ...args: string[]): Promise<unknown> =>
    promisify(execFile)(command, ['-c', config, ...args], { cwd: dir, timeout: 60_000 });
  const start = (command: string, ...args: string[]): void => {
    const log = openSync(path.join(dir, `${command}.out`), 'w');
    const flags = ['-c', config, ...args, '-f'];
    daemons.push(spawn(command, flags, { cwd: dir, stdio: ['ignore', log, log] }));
    closeSync(log);
  };
  const close = async (): Promise<void> => {
    for (const daemon of daemons.toReversed()) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      const exited = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await exited;
    }
    await rm(dir, { recursive: true, force: true });
  };

  try {
    for (const folder of ['mon', 'osd']) await mkdir(path.join(dir, folder));
    await writeFile(config, describeCluster(dir, fsid, monitorPort, s3Port));
    const map = path.join(dir, 'monmap');
    const address = `[v1:127.0.0.1:${monitorPort}]`;
    await promisify(execFile)('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', address, map]);
    await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
    start('ceph-mon', '-i', 'a');
    await run('ceph', '--connect-timeout', '30', 'osd', 'new', osdUuid, '0');
    await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osdUuid);
    start('ceph-osd', '-i', '0');
    start('radosgw', '-n', 'client.rgw');
    await untilAnswered(url, daemons);
    const { accessKeyId, secretAccessKey } = credentials;
    const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey];
    await run('radosgw-admin', 'user', 'create', '--uid', 'test', '--display-name', 'test', ...keys);
  } catch (error) {
    const said = await Promise.all(
      ['ceph-mon', 'ceph-osd', 'radosgw'].map((name) =>
        readFile(path.join(dir, `${name}.out`), 'utf8').catch(() => ''),
      ),
    );
    await close();
    throw new Error(`Ceph did not start:\n${said.join('\n')}`, { cause: error });
  }
  return { url, credentials, close };
}

/** No authentication inside the cluster, one copy of everything, and all of it in memory. */
function describeCluster(dir: string, fsid: string, monitorPort: number, s3Port: number): string {
  return `
[global]
fsid = ${fsid}
mon host = v1:127.0.0.1:${monitorPort}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
run dir = ${dir}
crash dir = ${dir}
admin socket = ${dir}/$name.asok
log file = ${dir}/$name.log
pid file = ${dir}/$name.pid
osd objectstore = memstore
memstore device bytes = 1073741824
osd class load list = *
osd class default list = *
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
[mon.a]
mon data = ${dir}/mon
[osd.0]
osd data = ${dir}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${s3Port}
keyring = ${dir}/keyring
`;
}

async function untilAnswered(url: string, daemons: readonly ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const isThere = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (isThere) return;
    if (daemons.some((daemon) => daemon.exitCode !== null)) throw new Error('one of its processes ended');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('its gateway did not answer within a minute');
}
