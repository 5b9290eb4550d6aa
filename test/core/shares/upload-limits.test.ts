import { afterAll, beforeAll, expect, test } from 'vitest';
import { partBytes } from '../../../core/shares/part-plan.js';
import { beginUpload, signUploadPart } from '../../../core/shares/upload.js';
import { createAccount } from '../../support/accounts.js';
import { fakeUploads, limits } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, uploadFile } from '../../support/shares.js';

let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Announces one file and begins its upload. @returns what signs its parts */
async function begin(announced: number, maxFileBytes = limits.maxFileBytes) {
  const { id: accountId } = await createAccount(database.db);
  const own = { ...limits, maxFileBytes, maxLiveBytes: Number.MAX_SAFE_INTEGER };
  const files = [uploadFile('a.bin', announced)];
  const shareId = await acceptShare(database.db, accountId, { entrance: 'PORTAL', files }, own);
  const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
  const deps = { db: database.db, uploads: fakeUploads(), limits: own };
  await beginUpload(deps, accountId, id);
  return (partNumber: number, sizeBytes: number) =>
    signUploadPart(deps, accountId, id, { partNumber, sizeBytes });
}

test.each([
  ['a byte', 1, 16 * MIB],
  ['a part', 16 * MIB, 16 * MIB],
  ['parts and a rest', 40 * MIB + 5, 16 * MIB],
  ['as much as wants larger parts', 40 * GIB + 5, 41 * MIB],
])('a file of %s is signed as it is announced, in parts of one size', async (_, announced, size) => {
  expect(partBytes(announced)).toBe(size);
  const sign = await begin(announced, 48 * GIB);
  const last = Math.ceil(announced / size);
  for (const number of new Set([1, Math.ceil(last / 2), last])) {
    expect(await sign(number, Math.min(size, announced - (number - 1) * size))).toContain('https://');
  }
});

test('all that is signed for a file is together no more than announced, and a MiB', async () => {
  const announced = 40 * MIB;
  const sign = await begin(announced);
  let signedBytes = 0;
  for (const partNumber of [1, 2, 3, 4, 5, 100]) {
    for (const sizeBytes of [GIB, 48 * MIB, 16 * MIB, 9 * MIB, 5 * MIB, 1]) {
      const isSigned = await sign(partNumber, sizeBytes).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ kind: 'invalid', code: 'file.size_differs' });
          return false;
        },
      );
      if (!isSigned) continue;
      signedBytes += sizeBytes;
      break;
    }
  }
  expect(signedBytes).toBe(announced + MIB);
});

test('nothing is signed over the limit of a file, whatever was announced', async () => {
  const limit = 20 * MIB;
  const sign = await begin(limit, limit);
  await sign(1, 16 * MIB);
  await sign(2, 4 * MIB);
  await expect(sign(2, 4 * MIB + 1)).rejects.toMatchObject({ code: 'file.too_large' });
  await expect(sign(10_000, 1)).rejects.toMatchObject({ code: 'file.too_large' });
});
