import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemberHealth } from '../../adapters/member-health.js';
import { AppError } from '../../core/errors.js';
import { fakeLog, storageDown } from '../support/fakes.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const members = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];

/** Asks all; those that are named answer, the others throw. */
function setUp() {
  const log = fakeLog();
  const health = createMemberHealth(log);
  const asked: string[] = [];
  const ask = (answering: string[], error: () => Error = storageDown) =>
    health.firstOf(members, async ({ name }) => {
      asked.push(name);
      if (!answering.includes(name)) throw error();
      return name;
    });
  return { log, health, asked, ask };
}

describe('the members of storage', () => {
  test('are asked in their order, and only until one answers', async () => {
    const { asked, ask } = setUp();
    expect(await ask(['a', 'b', 'c'])).toBe('a');
    expect(asked).toEqual(['a']);
  });

  test('one that failed is asked last for thirty seconds, and then first again', async () => {
    const { log, health, asked, ask } = setUp();
    expect(await ask(['b', 'c'])).toBe('b');
    expect(health.isUsable('a')).toBe(false);
    expect(await ask(['a', 'b', 'c'])).toBe('b');
    expect(await ask(['a'])).toBe('a');
    expect(asked).toEqual(['a', 'b', 'b', 'b', 'c', 'a']);
    expect(health.isUsable('a')).toBe(true);
    expect(health.isUsable('b')).toBe(false);
    vi.advanceTimersByTime(30_000);
    expect(health.isUsable('b')).toBe(true);
    const said = log.lines.map(({ level, fields }) => [level, (fields as { member: string }).member]);
    expect(said).toEqual([
      ['error', 'a'],
      ['error', 'b'],
      ['error', 'c'],
      ['info', 'a'],
    ]);
  });

  test('say that they cannot be asked where one could not, and that it is not there where all say so', async () => {
    const missing = () => new AppError('not_found', 'share.not_found', {});
    await expect(setUp().ask([], missing)).rejects.toMatchObject({ kind: 'not_found' });
    const { health } = setUp();
    const mixed = health.firstOf(members, async ({ name }) => {
      throw name === 'b' ? storageDown() : missing();
    });
    await expect(mixed).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(createMemberHealth(fakeLog()).firstOf([], async () => 1)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  test('a member that does not begin to answer within ten seconds is given up', async () => {
    const { health } = setUp();
    const answer = health.firstOf(members, ({ name }, signal) => {
      if (name === 'b') return Promise.resolve(name);
      return new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(storageDown());
        });
      });
    });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(health.isUsable('a')).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toBe('b');
    expect(health.isUsable('a')).toBe(false);
  });

  test('an error of our own is no member’s fault', async () => {
    const { health, ask, asked } = setUp();
    await expect(ask([], () => new TypeError('a mistake'))).rejects.toThrow('a mistake');
    expect(asked).toEqual(['a']);
    expect(health.isUsable('a')).toBe(true);
  });
});
