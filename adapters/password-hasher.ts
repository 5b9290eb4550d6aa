import { hash, verify } from '@node-rs/argon2';
import { AppError } from '../core/errors.js';
import type { PasswordHasher } from '../core/ports.js';

/** `Algorithm.Argon2id`, a const enum that isolated modules cannot read. */
const ARGON2ID = 2;

/** argon2id at OWASP's floor (m = 19 MiB, t = 2, p = 1): 20 to 30 ms of one core each. */
const OPTIONS = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Of a random password that nobody knows: checked where there is no account, so that this takes as long. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$/9IkTUgAvoKuXxH6i8uI9w$DXXZswo51Jhg9W2jOU3086z7O+p9qa51PC+BsGMEV0Q';

/** Hashes at once, and how many callers may wait for their turn: an unbounded sign-in would be a way to stop us. */
const MAX_RUNNING = 2;
const MAX_WAITING = 50;

/** Makes and checks argon2id hashes (PHC strings), a few at a time. @throws AppError unavailable when too many wait */
export function createPasswordHasher(): PasswordHasher {
  const takeTurn = createTurns();
  let common: Promise<ReadonlySet<string>> | undefined;
  return {
    hash: (password) => takeTurn(() => hash(password, OPTIONS)),
    verify: (storedHash, password) => takeTurn(() => verify(storedHash ?? NOBODY, password)),
    async isCommon(password) {
      common ??= loadCommonPasswords();
      return (await common).has(password.toLowerCase());
    },
  };
}

/** Loaded at the first registration: it takes 70 ms that no start should wait for. */
async function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}

function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= MAX_RUNNING) {
      if (waiting.length >= MAX_WAITING)
        throw new AppError('unavailable', 'account.busy', {}, { retryAfterSeconds: 5 });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
