import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeMachine, type FakeMachine } from './fake-machine.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = createFakeMachine();
  mkdirSync(join(machine.root, 'etc/passalong'), { recursive: true });
  writeFileSync(
    join(machine.root, 'etc/passalong/instance.json'),
    JSON.stringify({
      region: 'eu-central-1',
      roles: ['worker'],
      logGroup: '/passalong/processes',
      group: 'passalong-worker',
    }),
  );
});
afterEach(() => rmSync(machine.root, { recursive: true }));

const line = (message: string | number[], cursor: string, second: number): string =>
  `${JSON.stringify({ MESSAGE: message, __CURSOR: cursor, __REALTIME_TIMESTAMP: `${second}000000` })}\n`;

describe('ship-logs.mjs', () => {
  it('sends lines with their times, and goes on behind the last one the next time', async () => {
    machine.answer('journalctl', '', line('{"level":50}', 'c1', 1) + line([104, 105], 'c2', 2));
    expect((await machine.run('ship-logs.mjs')).status).toBe(0);
    const calls = machine.takeCalls();
    expect(calls.at(-1)).toContain('aws logs put-log-events --region eu-central-1');
    expect(calls.at(-1)).toContain(
      '[{"timestamp":1000,"message":"{\\"level\\":50}"},{"timestamp":2000,"message":"hi"}]',
    );
    await machine.run('ship-logs.mjs');
    expect(machine.takeCalls()[0]).toContain('--after-cursor=c2');
  });

  it('does not move on where CloudWatch took nothing', async () => {
    machine.answer('journalctl', '', line('x', 'c1', 1));
    machine.answer('aws', 'put-log-events', 'ServiceUnavailable', 254);
    expect((await machine.run('ship-logs.mjs')).status).not.toBe(0);
    machine.takeCalls();
    await machine.run('ship-logs.mjs');
    expect(machine.takeCalls()[0]).not.toContain('--after-cursor');
  });

  it('is not kept from it by a stream that is there already', async () => {
    machine.answer('journalctl', '', line('x', 'c1', 1));
    machine.answer('aws', 'create-log-stream', 'ResourceAlreadyExistsException', 254);
    expect((await machine.run('ship-logs.mjs')).status).toBe(0);
  });

  it('sends more than one request holds in several', async () => {
    const lines = Array.from({ length: 12 }, (_, index) => line('x'.repeat(190_000), `c${index}`, index + 1));
    machine.answer('journalctl', '', lines.join(''));
    await machine.run('ship-logs.mjs');
    expect(machine.takeCalls().filter((call) => call.includes('put-log-events'))).toHaveLength(3);
  });
});

describe('drain.mjs', () => {
  let metadata: Server;
  let states: string[];
  beforeEach(async () => {
    states = ['InService', 'InService', 'Terminated'];
    metadata = createServer((request, response) => {
      if (request.method === 'PUT') return response.end('a-token');
      if (request.headers['x-aws-ec2-metadata-token'] !== 'a-token') return response.writeHead(401).end();
      const isState = request.url?.endsWith('target-lifecycle-state');
      return response.end(isState ? (states.shift() ?? 'Terminated') : 'i-0123');
    });
    await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => metadata.close());

  it('stops the processes once the group wants the machine to end, then says that it may', async () => {
    const { port } = metadata.address() as AddressInfo;
    await machine.run('drain.mjs', [], { METADATA_URL: `http://127.0.0.1:${port}` });
    expect(states).toEqual([]);
    const calls = machine.takeCalls();
    expect(calls[0]).toBe('systemctl stop passalong-worker.service');
    expect(calls.at(-1)).toBe(
      'aws autoscaling complete-lifecycle-action --region eu-central-1 --auto-scaling-group-name passalong-worker' +
        ' --lifecycle-hook-name drain --instance-id i-0123 --lifecycle-action-result CONTINUE',
    );
  });
});
