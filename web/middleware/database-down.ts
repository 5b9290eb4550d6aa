/** Connection errors of Node and Postgres (class 08, 53, 57P), and Prisma's names for them. */
const CODES =
  /^(ECONN(REFUSED|RESET)|EPIPE|ETIMEDOUT|08\w{3}|53\w{3}|57P0[1-3]|P1001|P1002|P1008|P1017|P2024|P2028)$/;
const MESSAGES =
  /timeout exceeded when trying to connect|connection terminated|not queryable|can't reach database/i;

/** Whether an error says that the database cannot be reached now, in itself or in one of its causes. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return CODES.test(code) || MESSAGES.test(error.message) || isDatabaseDown(error.cause);
}
