-- CreateEnum
CREATE TYPE "platform" AS ENUM ('SLACK', 'DISCORD', 'TERMINAL');

-- CreateEnum
CREATE TYPE "entrance" AS ENUM ('SLACK', 'DISCORD', 'PORTAL', 'TERMINAL');

-- CreateEnum
CREATE TYPE "share_state" AS ENUM ('AWAITING_UPLOAD', 'RECEIVED', 'STORING', 'READY', 'FAILED', 'REVOKED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "attachment_state" AS ENUM ('EXPECTED', 'STORED', 'DELETED');

-- CreateEnum
CREATE TYPE "delivery_kind" AS ENUM ('SHARE', 'REMINDER', 'CONFIRM_ADDRESS', 'RESET_PASSWORD', 'NOTICE');

-- CreateEnum
CREATE TYPE "delivery_state" AS ENUM ('PENDING', 'CLAIMED', 'SENDING', 'SENT', 'DELIVERED', 'BOUNCED', 'COMPLAINED', 'UNCONFIRMED', 'FAILED', 'CANCELLED', 'SUPPRESSED');

-- CreateEnum
CREATE TYPE "suppression_reason" AS ENUM ('BOUNCE', 'COMPLAINT');

-- CreateEnum
CREATE TYPE "usage_kind" AS ENUM ('SHARE', 'CORRECTION', 'REVERSAL');

-- CreateEnum
CREATE TYPE "chat_notice_kind" AS ENUM ('SHARE', 'LINK', 'DOWNLOADS', 'BOUNCE', 'EXPIRY');

-- CreateTable
CREATE TABLE "account" (
    "id" UUID NOT NULL,
    "first_name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "password_version" INTEGER NOT NULL DEFAULT 0,
    "confirmed_at" TIMESTAMPTZ(6),
    "paused_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "language" TEXT,
    "confirms_shares" BOOLEAN NOT NULL DEFAULT true,
    "undo_seconds" INTEGER NOT NULL DEFAULT 10,
    "tells_downloads" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "sid" VARCHAR NOT NULL,
    "sess" JSON NOT NULL,
    "expire" TIMESTAMP(6) NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("sid")
);

-- CreateTable
CREATE TABLE "rate_limit" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "chat_identity" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "platform" "platform" NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "user_name" TEXT NOT NULL,
    "workspace_name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chat_identity_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "link_code" (
    "id" UUID NOT NULL,
    "platform" "platform" NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "user_name" TEXT NOT NULL,
    "workspace_name" TEXT NOT NULL,
    "account_id" UUID,
    "approved_at" TIMESTAMPTZ(6),
    "closed_at" TIMESTAMPTZ(6),
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "link_code_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "share_draft" (
    "id" UUID NOT NULL,
    "platform" "platform" NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "sent_at" TIMESTAMPTZ(6),
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "share_draft_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "installation" (
    "workspace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "is_organisation" BOOLEAN NOT NULL,
    "scopes" TEXT[],
    "bot_token" TEXT NOT NULL,
    "refresh_token" TEXT,
    "token_expires_at" TIMESTAMPTZ(6),
    "installed_by" TEXT NOT NULL,
    "installed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("workspace_id")
);

-- CreateTable
CREATE TABLE "workspace_rules" (
    "platform" "platform" NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "allowed_domains" TEXT[],
    "max_lifetime_days" INTEGER,
    "max_file_bytes" BIGINT,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT NOT NULL,

    CONSTRAINT "workspace_rules_pkey" PRIMARY KEY ("platform","workspace_id")
);

-- CreateTable
CREATE TABLE "log_export" (
    "id" UUID NOT NULL,
    "identity_id" UUID NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "log_export_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "slack_file_seen" (
    "team_id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "file_id" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "slack_file_seen_pkey" PRIMARY KEY ("team_id","channel_id","user_id","file_id")
);

-- CreateTable
CREATE TABLE "storage_repair" (
    "attachment_id" UUID NOT NULL,
    "member" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "next_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tries" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "storage_repair_pkey" PRIMARY KEY ("attachment_id","member")
);

-- CreateTable
CREATE TABLE "seen_request" (
    "key" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "seen_request_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "share" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "entrance" "entrance" NOT NULL,
    "request_key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "message" TEXT,
    "workspace_ids" TEXT[],
    "state" "share_state" NOT NULL,
    "failure_code" TEXT,
    "failure_params" JSONB,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "mail_after" TIMESTAMPTZ(6) NOT NULL,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(6),
    "fetch_failures" INTEGER NOT NULL DEFAULT 0,
    "unexpected_errors" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ready_at" TIMESTAMPTZ(6),
    "marked_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),
    "reminded_at" TIMESTAMPTZ(6),
    "hidden_at" TIMESTAMPTZ(6),
    "objects_deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "share_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attachment" (
    "id" UUID NOT NULL,
    "share_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "state" "attachment_state" NOT NULL DEFAULT 'EXPECTED',
    "source" JSONB NOT NULL,
    "upload_id" TEXT,
    "uploaded_at" TIMESTAMPTZ(6),
    "checked_at" TIMESTAMPTZ(6),
    "storage_key" TEXT,
    "sha256" TEXT,
    "verified_at" TIMESTAMPTZ(6),
    "verify_at" TIMESTAMPTZ(6),

    CONSTRAINT "attachment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "recipient" (
    "id" UUID NOT NULL,
    "share_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "email" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "revoked_at" TIMESTAMPTZ(6),

    CONSTRAINT "recipient_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery" (
    "id" UUID NOT NULL,
    "kind" "delivery_kind" NOT NULL,
    "subject_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "topic" TEXT,
    "share_id" UUID,
    "email" TEXT NOT NULL,
    "state" "delivery_state" NOT NULL DEFAULT 'PENDING',
    "fence" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(6),
    "next_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "message_id" TEXT,
    "error_code" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "marked_at" TIMESTAMPTZ(6),
    "state_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "used_at" TIMESTAMPTZ(6),

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ses_event" (
    "event_id" TEXT NOT NULL,
    "delivery_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "received_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ses_event_pkey" PRIMARY KEY ("event_id")
);

-- CreateTable
CREATE TABLE "suppression" (
    "email_key" TEXT NOT NULL,
    "reason" "suppression_reason" NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "suppression_pkey" PRIMARY KEY ("email_key")
);

-- CreateTable
CREATE TABLE "send_rate" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "next_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "send_rate_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "download" (
    "id" UUID NOT NULL,
    "attachment_id" UUID NOT NULL,
    "recipient_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "download_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_record" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "share_id" UUID NOT NULL,
    "kind" "usage_kind" NOT NULL,
    "subject" TEXT NOT NULL DEFAULT '',
    "file_names" TEXT[],
    "bytes" BIGINT NOT NULL,
    "recipients" TEXT[],
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_record_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quota" (
    "account_id" UUID NOT NULL,
    "used_bytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "quota_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "audit_event" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "account_id" UUID,
    "action" TEXT NOT NULL,
    "subject_id" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chat_notice" (
    "id" UUID NOT NULL,
    "kind" "chat_notice_kind" NOT NULL,
    "subject_id" UUID NOT NULL,
    "platform" "platform" NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "team_id" TEXT NOT NULL DEFAULT '',
    "user_id" TEXT NOT NULL,
    "language" TEXT NOT NULL DEFAULT 'en',
    "reply_handle" TEXT,
    "reply_until" TIMESTAMPTZ(6),
    "replies_left" INTEGER NOT NULL DEFAULT 0,
    "owed" INTEGER NOT NULL DEFAULT 0,
    "sent" INTEGER NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "settled_at" TIMESTAMPTZ(6),
    "told_until" TIMESTAMPTZ(6),
    "next_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chat_notice_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "account_email_key_key" ON "account"("email_key");

-- CreateIndex
CREATE INDEX "session_expire_idx" ON "session"("expire");

-- CreateIndex
CREATE INDEX "chat_identity_account_id_idx" ON "chat_identity"("account_id");

-- CreateIndex
CREATE UNIQUE INDEX "chat_identity_platform_workspace_id_user_id_key" ON "chat_identity"("platform", "workspace_id", "user_id");

-- CreateIndex
CREATE INDEX "link_code_platform_workspace_id_user_id_idx" ON "link_code"("platform", "workspace_id", "user_id");

-- CreateIndex
CREATE INDEX "share_draft_platform_workspace_id_user_id_idx" ON "share_draft"("platform", "workspace_id", "user_id");

-- CreateIndex
CREATE INDEX "log_export_identity_id_idx" ON "log_export"("identity_id");

-- CreateIndex
CREATE INDEX "slack_file_seen_seen_at_idx" ON "slack_file_seen"("seen_at");

-- CreateIndex
CREATE INDEX "storage_repair_next_at_idx" ON "storage_repair"("next_at");

-- CreateIndex
CREATE INDEX "seen_request_seen_at_idx" ON "seen_request"("seen_at");

-- CreateIndex
CREATE UNIQUE INDEX "share_request_key_key" ON "share"("request_key");

-- CreateIndex
CREATE INDEX "share_account_id_created_at_idx" ON "share"("account_id", "created_at" DESC);

-- CreateIndex
CREATE INDEX "share_state_created_at_idx" ON "share"("state", "created_at");

-- CreateIndex
CREATE INDEX "share_workspace_ids_idx" ON "share" USING GIN ("workspace_ids");

-- CreateIndex
CREATE UNIQUE INDEX "attachment_share_id_position_key" ON "attachment"("share_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "recipient_share_id_email_key_key" ON "recipient"("share_id", "email_key");

-- CreateIndex
CREATE INDEX "delivery_share_id_idx" ON "delivery"("share_id");

-- CreateIndex
CREATE INDEX "delivery_state_next_at_idx" ON "delivery"("state", "next_at");

-- CreateIndex
CREATE UNIQUE INDEX "delivery_kind_subject_id_attempt_key" ON "delivery"("kind", "subject_id", "attempt");

-- CreateIndex
CREATE INDEX "ses_event_delivery_id_idx" ON "ses_event"("delivery_id");

-- CreateIndex
CREATE INDEX "download_recipient_id_idx" ON "download"("recipient_id");

-- CreateIndex
CREATE INDEX "download_attachment_id_idx" ON "download"("attachment_id");

-- CreateIndex
CREATE INDEX "usage_record_account_id_created_at_idx" ON "usage_record"("account_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "usage_record_share_id_kind_subject_key" ON "usage_record"("share_id", "kind", "subject");

-- CreateIndex
CREATE INDEX "audit_event_account_id_at_idx" ON "audit_event"("account_id", "at");

-- CreateIndex
CREATE INDEX "chat_notice_next_at_idx" ON "chat_notice"("next_at");

-- CreateIndex
CREATE UNIQUE INDEX "chat_notice_kind_subject_id_key" ON "chat_notice"("kind", "subject_id");

-- AddForeignKey
ALTER TABLE "chat_identity" ADD CONSTRAINT "chat_identity_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "link_code" ADD CONSTRAINT "link_code_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_export" ADD CONSTRAINT "log_export_identity_id_fkey" FOREIGN KEY ("identity_id") REFERENCES "chat_identity"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "share" ADD CONSTRAINT "share_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "storage_repair" ADD CONSTRAINT "storage_repair_attachment_id_fkey" FOREIGN KEY ("attachment_id") REFERENCES "attachment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_share_id_fkey" FOREIGN KEY ("share_id") REFERENCES "share"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "recipient" ADD CONSTRAINT "recipient_share_id_fkey" FOREIGN KEY ("share_id") REFERENCES "share"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "download" ADD CONSTRAINT "download_attachment_id_fkey" FOREIGN KEY ("attachment_id") REFERENCES "attachment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "download" ADD CONSTRAINT "download_recipient_id_fkey" FOREIGN KEY ("recipient_id") REFERENCES "recipient"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_record" ADD CONSTRAINT "usage_record_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_record" ADD CONSTRAINT "usage_record_share_id_fkey" FOREIGN KEY ("share_id") REFERENCES "share"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quota" ADD CONSTRAINT "quota_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The ledger and the audit record only ever grow, whoever asks.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END;
$$;

CREATE TRIGGER usage_record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_record
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
