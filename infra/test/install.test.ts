import { existsSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeMachine, type FakeMachine } from './fake-machine.js';

const OLD = '1111111111111111';
const NEW = '2222222222222222';

describe('install.mjs', () => {
  let machine: FakeMachine;
  let portal: Server;
  let isReady: boolean;

  beforeEach(async () => {
    machine = createFakeMachine();
    isReady = true;
    portal = createServer((_request, response) => response.writeHead(isReady ? 200 : 503).end());
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
    machine.answer('aws', 'arn:links', '{"LINK_SECRET":"s3cret$\\"quoted\\""}');
    machine.answer('aws', 'arn:queue', '{"QUEUE_TOKEN":"a/token"}');
  });
  afterEach(() => {
    portal.close();
    rmSync(machine.root, { recursive: true });
  });

  const install = (version: string, changes: object = {}) => {
    machine.addRelease(`passalong-${version}`);
    const plan = {
      version,
      region: 'eu-central-1',
      roles: ['web', 'worker'],
      environment: {
        PORT: String((portal.address() as AddressInfo).port),
        REDIS_URL: 'rediss://:${QUEUE_TOKEN}@cache:6379',
      },
      secrets: ['arn:links', 'arn:queue'],
      logGroup: '/passalong/processes',
      group: null,
      ...changes,
    };
    const file = join(machine.root, 'plan.json');
    writeFileSync(file, JSON.stringify(plan));
    return machine.run('install.mjs', [file]);
  };
  const release = (): string => readlinkSync(join(machine.root, 'opt/passalong'));

  it('migrates before it starts what the machine is for, and nothing else', async () => {
    expect(await install(NEW)).toEqual({ status: 0, output: `passalong-${NEW} runs: web, worker\n` });
    const calls = machine.takeCalls().filter((call) => call.startsWith('systemctl'));
    expect(calls).toEqual([
      'systemctl daemon-reload',
      'systemctl start passalong-migrate.service',
      'systemctl enable passalong-web.service passalong-worker.service passalong-logs.timer',
      'systemctl restart passalong-web.service passalong-worker.service passalong-logs.timer',
      'systemctl is-active --quiet passalong-web.service',
      'systemctl is-active --quiet passalong-worker.service',
    ]);
    expect(release()).toBe(`passalong-${NEW}`);
    expect(machine.read('etc/systemd/system/passalong-web.service')).toContain(NEW);
  });

  it('writes secrets into a file that root alone reads, quoted as systemd takes them', async () => {
    await install(NEW);
    expect(machine.read('etc/passalong/passalong.env')).toContain('LINK_SECRET="s3cret\\$\\"quoted\\""\n');
    expect(statSync(join(machine.root, 'etc/passalong/passalong.env')).mode & 0o777).toBe(0o600);
  });

  it('puts a field of a secret into the value that names it, and makes no variable of it', async () => {
    await install(NEW);
    const text = machine.read('etc/passalong/passalong.env');
    expect(text).toContain('REDIS_URL="rediss://:a%2Ftoken@cache:6379"\n');
    expect(text).not.toContain('QUEUE_TOKEN');
  });

  it('restarts nothing when it comes a second time with nothing new', async () => {
    await install(NEW);
    machine.takeCalls();
    expect((await install(NEW)).output).toBe(`passalong-${NEW} runs already\n`);
    expect(machine.takeCalls().filter((call) => call.includes(' restart '))).toEqual([]);
  });

  it('restarts when a secret was changed', async () => {
    await install(NEW);
    machine.takeCalls();
    machine.answer('aws', 'arn:links', '{"LINK_SECRET":"another"}');
    await install(NEW);
    expect(machine.takeCalls().filter((call) => call.includes(' restart '))).toHaveLength(1);
  });

  it('goes back to the release before, and fails, where the migration fails', async () => {
    await install(OLD);
    machine.answer('systemctl', 'start passalong-migrate', 'a table is in the way', 1);
    const { status, output } = await install(NEW);
    expect(status).toBe(1);
    expect(output).toContain('a table is in the way');
    expect(release()).toBe(`passalong-${OLD}`);
  });

  it('goes back where a process of the new release does not stay up', async () => {
    await install(OLD);
    machine.takeCalls();
    machine.answer('systemctl', 'is-active --quiet passalong-worker', 'failed', 3, 1);
    const { status, output } = await install(NEW);
    expect(output).toContain(`back to passalong-${OLD}, which runs`);
    expect(status).toBe(1);
    expect(release()).toBe(`passalong-${OLD}`);
    expect(machine.takeCalls().filter((call) => call.includes(' restart '))).toHaveLength(2);
  });

  it('says what failed and never what a secret is', async () => {
    machine.answer('systemctl', 'daemon-reload', 'no', 1);
    const { output } = await install(NEW);
    expect(output).toContain('systemctl daemon-reload: no');
    expect(output).not.toContain('s3cret');
  });

  it('keeps the release before and removes older ones', async () => {
    machine.addRelease('passalong-0000000000000000');
    await install(OLD);
    await install(NEW);
    expect(existsSync(join(machine.root, 'opt/passalong-0000000000000000'))).toBe(false);
    expect(existsSync(join(machine.root, `opt/passalong-${OLD}`))).toBe(true);
  });

  it('starts the wait for the end of the machine where a group may end it', async () => {
    await install(NEW, { group: 'passalong-web' });
    expect(machine.takeCalls().join('\n')).toContain('passalong-drain.service');
  });
});
