import * as z from 'zod';

/** What Slack offers in the app's name, as a manifest says it. `callbackId` is what the app hears of a shortcut. */
export const appManifest = z.strictObject({
  commands: z.array(
    z.strictObject({ command: z.string().startsWith('/'), description: z.string(), usageHint: z.string() }),
  ),
  shortcuts: z.array(
    z.strictObject({
      type: z.enum(['message', 'global']),
      name: z.string().max(24),
      callbackId: z.string().max(255),
    }),
  ),
});

export type AppManifest = z.infer<typeof appManifest>;

/** The commands and shortcuts of docs/slack-manifest.yaml, which this double does not read. */
export const DEFAULT_MANIFEST: AppManifest = {
  commands: [
    {
      command: '/share',
      description: 'Share files by e-mail',
      usageHint: '[ann@example.com bob@example.com] | history | revoke | settings | connect | help',
    },
  ],
  shortcuts: [
    { type: 'message', name: 'Share files by email', callbackId: 'share_message' },
    { type: 'global', name: 'Share a file', callbackId: 'share_new' },
  ],
};
