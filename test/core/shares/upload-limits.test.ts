import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginUpload, signUploadPart } from '../../../core/shares/upload.js';
import { createAccount } from '../../support/accounts.js';
import { fakeUploads, limits } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, uploadFile } from '../../support/shares.js';

let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.drop());

test('a file of exactly the limit is signed in parts of one size, and not one part more', async () => {
  const { id: accountId } = await createAccount(database.db);
  const files = [uploadFile('a.bin', 1)];
  const shareId = await acceptShare(database.db, accountId, { entrance: 'PORTAL', files });
  const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
  const deps = {
    db: database.db,
    uploads: fakeUploads(),
    limits: { ...limits, maxFileBytes: 105 },
  };
  await beginUpload(deps, accountId, id);
  const sign = (partNumber: number, sizeBytes: number) =>
    signUploadPart(deps, accountId, id, { partNumber, sizeBytes });
  for (let partNumber = 1; partNumber <= 10; partNumber += 1) await sign(partNumber, 10);
  await sign(11, 5);
  await expect(sign(11, 10)).rejects.toMatchObject({ code: 'file.too_large' });
  await expect(sign(10_000, 105)).rejects.toMatchObject({ code: 'file.too_large' });
});
