import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, expect, onTestFinished, test } from 'vitest';

import { startDiscord } from '../../local/discord/start-discord.js';
import { getBuilt } from '../support/get-built.js';

let script: string;

beforeAll(async () => {
  script = await getBuilt('local/discord.js');
});

test('the process says where it is ready, answers, and on SIGTERM leaves with 0 and no files', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'discord-main-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const env = {
    ...process.env,
    LOCAL_DISCORD_PORT: '0',
    LOCAL_DISCORD_TOKEN: 't',
    LOCAL_DISCORD_APPLICATION_ID: '900000000000000001',
    LOCAL_DISCORD_DATA_DIR: dataDir,
  };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /^ready (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line.toString())?.[1];
    const state = await fetch(`${url ?? ''}/_control/state`);
    expect(await state.json()).toMatchObject({
      people: [{ username: 'ada' }, { username: 'grace' }, { username: 'alan' }],
    });
  } finally {
    child.kill('SIGTERM');
  }
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await readdir(dataDir)).toEqual([]);
});

test('registered commands outlive the process, under their ids, and nothing else does', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'discord-main-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const start = () => startDiscord({ port: 0, token: 't', applicationId: '9', dataDir });
  const commands = async (url: string, init: RequestInit = {}): Promise<unknown> => {
    const headers = { authorization: 'Bot t', 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/v10/applications/9/commands`, { ...init, headers });
    return response.json();
  };

  const before = await start();
  const body = JSON.stringify([{ name: 'share', description: 'Share a file' }]);
  const registered = await commands(before.url, { method: 'PUT', body });
  await before.close();
  expect(await readdir(dataDir)).toEqual(['commands.json']);
  const after = await start();
  onTestFinished(() => after.close());
  expect(registered).toMatchObject([{ name: 'share' }]);
  expect(await commands(after.url)).toEqual(registered);
});
