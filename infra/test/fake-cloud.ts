import type { Cloud } from '../deploy/cloud.js';

/** An account as a test wants it, and what was done to it, in order. */
export interface FakeCloud extends Cloud {
  done: string[];
  secrets: Map<string, string>;
  stacks: Set<string>;
  outputs: Map<string, string>;
}

interface Account {
  account: string | null;
  zones: string[];
  prefixList: string | null;
  bootstrapped: string[];
  hostedZones: string[];
  isSandbox: boolean;
  functionQuota: number;
}

const READY: Account = {
  account: '111111111111',
  zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  prefixList: 'pl-a3a144ca',
  bootstrapped: ['eu-central-1', 'eu-west-1', 'us-east-1'],
  hostedZones: ['example.com'],
  isSandbox: false,
  functionQuota: 1000,
};

export function createFakeCloud(changes: Partial<Account> = {}): FakeCloud {
  const account = { ...READY, ...changes };
  const done: string[] = [];
  const secrets = new Map<string, string>();
  const stacks = new Set<string>();
  const outputs = new Map<string, string>();
  return {
    done,
    secrets,
    stacks,
    outputs,
    findAccount: async () => account.account,
    listZones: async () => account.zones,
    findCloudFrontPrefixList: async () => account.prefixList,
    isBootstrapped: async (region) => account.bootstrapped.includes(region),
    async findHostedZone(name) {
      const zoneName = account.hostedZones.find((zone) => name === zone || name.endsWith(`.${zone}`));
      return zoneName === undefined ? null : { zoneId: 'Z0123', zoneName };
    },
    findMailQuota: async () => ({ isSandbox: account.isSandbox, mailsPerSecond: account.isSandbox ? 1 : 14 }),
    findFunctionQuota: async () => account.functionQuota,
    readSecret: async (name) => secrets.get(name) ?? null,
    async writeSecret(name, text) {
      done.push(`write ${name}`);
      secrets.set(name, text);
    },
    findOutput: async (stack, region, output) => outputs.get(`${stack} ${region} ${output}`) ?? null,
    hasStack: async (stack, region) => stacks.has(`${stack} ${region}`),
    async deleteStack(stack, region) {
      if (!stacks.delete(`${stack} ${region}`)) throw new Error(`no stack ${stack} in ${region}`);
      done.push(`delete ${stack} ${region}`);
    },
    async unprotectDatabase(id) {
      done.push(`unprotect ${id}`);
    },
    async deleteBackups(id) {
      done.push(`delete backups of ${id}`);
    },
    async deleteBucket(name) {
      done.push(`delete ${name}`);
    },
  };
}
