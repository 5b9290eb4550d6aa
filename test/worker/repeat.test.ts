import { expect, test } from 'vitest';
import { repeat } from '../../worker/repeat.js';

test('work is done at once and again, never twice at the same time, whatever it throws', async () => {
  let running = 0;
  let most = 0;
  let times = 0;
  const chore = repeat(10, async () => {
    times += 1;
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 35));
    running -= 1;
    throw new Error('not this time');
  });
  expect(times).toBe(1);
  while (times < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  await chore.stop();
  const done = times;
  expect({ most, running }).toEqual({ most: 1, running: 0 });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(times).toBe(done);
});
