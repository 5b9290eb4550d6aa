import {
  App,
  type AuthorizeResult,
  type BlockAction,
  type GlobalShortcut,
  type MessageShortcut,
  type Receiver,
  type ViewSubmitAction,
} from '@slack/bolt';
import type { WebClient, WebClientOptions } from '@slack/web-api';
import { AppError } from '../../core/errors.js';
import { onHomeOpened } from './on-home-opened.js';
import { onButton } from './on-button.js';
import { onDirectMessage } from './on-direct-message.js';
import { onGlobalShortcut, onMessageShortcut, SHARE_MESSAGE, SHARE_NEW } from './on-shortcut.js';
import { rememberFile } from './recent-files.js';
import { onShareCommand } from './on-share-command.js';
import { SHARE_FORM } from './share-modal.js';
import { onShareSubmission } from './on-share-submission.js';
import { silentLogger } from './silent-logger.js';
import type { SlackTools } from './slack-tools.js';

/**
 * Bolt with all listeners of ours, on a receiver that its caller starts. Each listener acknowledges, translates,
 * runs one neutral command and renders what it says.
 */
export function createSlackApp(
  tools: SlackTools,
  slack: { botToken: string; clientOptions: WebClientOptions },
  receiver: Receiver,
): App {
  const { log } = tools.deps;
  const botIds = learnBotIds(tools.client);
  const app = new App({
    receiver,
    // With `token`, Bolt asks Slack at once who it is, and an outage then ends the process.
    authorize: ({ teamId, enterpriseId }) =>
      Promise.resolve({
        botToken: slack.botToken,
        ...botIds(),
        ...(teamId ? { teamId } : {}),
        ...(enterpriseId ? { enterpriseId } : {}),
      }),
    tokenVerificationEnabled: false,
    convoStore: false,
    clientOptions: slack.clientOptions,
    logger: silentLogger,
  });
  app.error((error) => {
    log.error({ err: error }, 'Slack listener failed');
    return Promise.resolve();
  });

  app.command('/share', (args) => onShareCommand(tools, args));
  app.view<ViewSubmitAction>({ callback_id: SHARE_FORM, type: 'view_submission' }, (args) =>
    onShareSubmission(tools, args),
  );
  app.action<BlockAction>({ type: 'block_actions' }, (args) => onButton(tools, args));
  app.shortcut<MessageShortcut>({ callback_id: SHARE_MESSAGE, type: 'message_action' }, (args) =>
    onMessageShortcut(tools, args),
  );
  app.shortcut<GlobalShortcut>({ callback_id: SHARE_NEW, type: 'shortcut' }, (args) =>
    onGlobalShortcut(tools, args),
  );
  app.event('app_home_opened', (args) => onHomeOpened(tools, args));
  app.event('message', (args) => onDirectMessage(tools, args));
  app.event('file_shared', async ({ event, body }) => {
    const { channel_id: channelId, user_id: userId, file_id: fileId, event_ts } = event;
    const postedAt = new Date(Number(event_ts) * 1000);
    await rememberFile(tools.deps, { teamId: body.team_id, channelId, userId, fileId, postedAt }).catch(
      (error: unknown) => {
        // The message of such an error names the file.
        log.info(
          error instanceof AppError ? { code: String(error.code) } : { err: error },
          'posted file not remembered',
        );
      },
    );
  });
  acknowledgeTheRest(app);
  return app;
}

/** What an older version of ours may have left in Slack, or a newer configuration sends: no error for the person. */
function acknowledgeTheRest(app: App): void {
  app.command(/^(?!\/share$)/, ({ ack }) => ack());
  app.shortcut(new RegExp(`^(?!(${SHARE_MESSAGE}|${SHARE_NEW})$)`), ({ ack }) => ack());
  app.view(new RegExp(`^(?!${SHARE_FORM}$)`), ({ ack }) => ack());
}

/** Who we are in Slack, asked in the background until it is known; nothing waits for it. */
function learnBotIds(client: WebClient): () => Pick<AuthorizeResult, 'botId' | 'botUserId'> {
  let known: Pick<AuthorizeResult, 'botId' | 'botUserId'> = {};
  let asking: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    try {
      const { bot_id: botId, user_id: botUserId } = await client.auth.test();
      known = { ...(botId ? { botId } : {}), ...(botUserId ? { botUserId } : {}) };
    } catch {
      asking = null;
    }
  };
  return () => {
    asking ??= ask();
    return known;
  };
}
