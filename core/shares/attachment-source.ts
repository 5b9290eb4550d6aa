import * as z from 'zod';

/**
 * Where an attachment's bytes are before we store them. Kept in its row: never in a job, never in a log.
 * Slack: ids only, since its URLs are asked for when the file is fetched.
 */
export const attachmentSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('upload') }),
  z.strictObject({
    kind: z.literal('slack'),
    teamId: z.string(),
    workspaceId: z.string(),
    fileId: z.string(),
  }),
  z.strictObject({ kind: z.literal('discord'), url: z.url().max(4000) }),
]);

export type AttachmentSource = z.infer<typeof attachmentSource>;
