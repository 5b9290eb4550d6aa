/** Runs tasks of one name one after the other, tasks of different names side by side. */
export type KeyedLock = <T>(name: string, task: () => Promise<T>) => Promise<T>;

/** A lock that holds no memory for names that nobody waits for. */
export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<unknown>>();
  return async (name, task) => {
    const running = (tails.get(name) ?? Promise.resolve()).then(task);
    const tail = running.catch(() => undefined);
    tails.set(name, tail);
    try {
      return await running;
    } finally {
      if (tails.get(name) === tail) tails.delete(name);
    }
  };
}
