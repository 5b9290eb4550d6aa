import { describe, expect, test } from 'vitest';
import { createPasswordHasher } from '../../adapters/password-hasher.js';

const passwords = createPasswordHasher();

describe('a password', () => {
  test('is kept as argon2id, salted, and found right or wrong', async () => {
    const [one, other] = await Promise.all([
      passwords.hash('violet tractor'),
      passwords.hash('violet tractor'),
    ]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(await passwords.verify(one, 'violet tractor')).toBe(true);
    expect(await passwords.verify(one, 'violet tractor ')).toBe(false);
    expect(await passwords.verify(one, '')).toBe(false);
  });

  test('may hold any characters, each of which counts', async () => {
    const hash = await passwords.hash('пароль 🚜\0x');
    expect(await passwords.verify(hash, 'пароль 🚜\0x')).toBe(true);
    expect(await passwords.verify(hash, 'пароль 🚜\0y')).toBe(false);
  });

  test.each(['password1234', 'PASSWORD1234', 'qwertyuiop'])(
    '%s is a common one, whatever its case',
    async (common) => {
      expect(await passwords.isCommon(common)).toBe(true);
    },
  );

  test('of several words is not a common one', async () => {
    expect(await passwords.isCommon('violet tractor jumps')).toBe(false);
  });
});

test('nobody has no password, and it takes as much work to say so', async () => {
  const hash = await passwords.hash('x');
  // Of all threads of this process, hashing included; other processes do not count.
  const measure = async (stored: string | null): Promise<number> => {
    const before = process.cpuUsage();
    expect(await passwords.verify(stored, 'nobody has this password')).toBe(false);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await measure(null);
  const [nobody, somebody]: [number[], number[]] = [[], []];
  for (let count = 0; count < 7; count += 1) {
    nobody.push(await measure(null));
    somebody.push(await measure(hash));
  }
  const ratio = Math.min(...nobody) / Math.min(...somebody);
  expect(ratio).toBeGreaterThan(0.3);
  expect(ratio).toBeLessThan(3);
});

test('more callers than may wait are sent away at once, and the others are served', async () => {
  const own = createPasswordHasher();
  const results = await Promise.allSettled(Array.from({ length: 56 }, () => own.verify(null, 'x')));
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(4);
  expect(refused[0]).toMatchObject({
    reason: { kind: 'unavailable', code: 'account.busy', retryAfterSeconds: 5 },
  });
  expect(await own.verify(null, 'x')).toBe(false);
});
