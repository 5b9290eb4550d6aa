import { describe, expect, it } from 'vitest';
import { destroy } from '../destroy/destroy.js';
import { createFakeCloud, type FakeCloud } from './fake-cloud.js';

const APP = 'destroy passalong';
const DATA = 'delete all data of 111111111111';

function createDeployed(): FakeCloud {
  const cloud = createFakeCloud();
  for (const stack of [
    'passalong-app eu-central-1',
    'passalong-data eu-central-1',
    'passalong-replica eu-west-1',
    'passalong-certificate us-east-1',
  ]) {
    cloud.stacks.add(stack);
  }
  return cloud;
}

async function run(cloud: FakeCloud, answers: string[], replicaRegion: string | null = 'eu-west-1') {
  const printed: string[] = [];
  const status = await destroy(
    {
      cloud,
      print: (text) => printed.push(text),
      ask: async (question) => {
        printed.push(question);
        return answers.shift() ?? '';
      },
    },
    { region: 'eu-central-1', replicaRegion },
  );
  return { status, text: printed.join('\n') };
}

describe('npm run destroy', () => {
  it('removes everything after both confirmations, data last and backups with it', async () => {
    const cloud = createDeployed();
    expect((await run(cloud, [APP, DATA])).status).toBe(0);
    expect(cloud.done).toEqual([
      'delete passalong-app eu-central-1',
      'unprotect passalong',
      ...['files', 'assets', 'logs'].map((name) => `delete passalong-${name}-111111111111-eu-central-1`),
      ...['files', 'assets', 'logs'].map((name) => `delete passalong-${name}-111111111111-eu-west-1`),
      'delete passalong-replica eu-west-1',
      'delete passalong-data eu-central-1',
      'delete passalong-certificate us-east-1',
      'delete backups of passalong',
    ]);
    expect(cloud.stacks.size).toBe(0);
  });

  it.each(['', 'y', 'yes', 'Destroy passalong'])('removes nothing for the answer "%s"', async (answer) => {
    const cloud = createDeployed();
    const { text } = await run(cloud, [answer, DATA]);
    expect(cloud.done).toEqual([]);
    expect(text).toContain('Nothing was removed.');
  });

  it.each(['', 'yes', APP, 'delete all data of 222222222222'])(
    'keeps all data where the second answer is "%s"',
    async (answer) => {
      const cloud = createDeployed();
      const { text } = await run(cloud, [APP, answer]);
      expect(cloud.done).toEqual(['delete passalong-app eu-central-1']);
      expect(text).toContain('The data stays.');
    },
  );

  it('goes on where it was stopped: the application is gone, the data asks once more', async () => {
    const cloud = createDeployed();
    await run(cloud, [APP, '']);
    cloud.done.length = 0;
    await run(cloud, [DATA]);
    expect(cloud.done[0]).toBe('unprotect passalong');
    expect(cloud.stacks.size).toBe(0);
  });

  it('deletes backups though the stack is gone already', async () => {
    const cloud = createFakeCloud();
    await run(cloud, [DATA], null);
    expect(cloud.done.at(-1)).toBe('delete backups of passalong');
  });

  it('begins nothing without credentials', async () => {
    const cloud = createFakeCloud({ account: null });
    const { status, text } = await run(cloud, [APP, DATA]);
    expect(status).toBe(1);
    expect(text).toContain('aws configure');
  });
});
