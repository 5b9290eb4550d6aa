-- AlterEnum
-- This migration adds more than one value to an enum.
-- With PostgreSQL versions 11 and earlier, this is not possible
-- in a single migration. This can be worked around by creating
-- multiple migrations, each migration adding only one value to
-- the enum.


ALTER TYPE "chat_notice_kind" ADD VALUE 'RECEIPT';
ALTER TYPE "chat_notice_kind" ADD VALUE 'BOUNCE';
ALTER TYPE "chat_notice_kind" ADD VALUE 'EXPIRY';

-- AlterTable
ALTER TABLE "account" ADD COLUMN     "confirms_shares" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "language" TEXT,
ADD COLUMN     "undo_seconds" INTEGER NOT NULL DEFAULT 10,
ADD COLUMN     "wants_receipts" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "chat_notice" ADD COLUMN     "language" TEXT NOT NULL DEFAULT 'en';

-- AlterTable
ALTER TABLE "download" ADD COLUMN     "told_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "share" DROP COLUMN "failure_detail",
ADD COLUMN     "failure_params" JSONB,
ADD COLUMN     "receipts_muted_at" TIMESTAMPTZ(6),
ADD COLUMN     "reminded_for" TIMESTAMPTZ(6);
